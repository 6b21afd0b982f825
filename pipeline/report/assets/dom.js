"use strict";

// The only place that makes elements. Data becomes text nodes and known attributes, never markup.
window.imcbench = window.imcbench || {};
(function (app) {
  const SVG = "http://www.w3.org/2000/svg";

  function fill(node, attributes, children) {
    Object.entries(attributes || {}).forEach(([name, value]) => {
      if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
    });
    children.flat(Infinity).forEach((child) => {
      if (child === null || child === undefined) return;
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    });
    return node;
  }

  app.element = (tag, attributes, ...children) =>
    fill(document.createElement(tag), attributes, children);

  app.drawing = (tag, attributes, ...children) =>
    fill(document.createElementNS(SVG, tag), attributes, children);

  app.byId = (id) => document.getElementById(id);

  app.button = (label, action, attributes) => {
    const node = app.element("button", { type: "button", ...attributes }, label);
    node.addEventListener("click", action);
    return node;
  };

  app.percent = (value) => (value === null ? "n/a" : `${(100 * value).toFixed(1)}%`);

  app.title = (name) => {
    const words = name.replaceAll("_", " ");
    return words.charAt(0).toUpperCase() + words.slice(1);
  };
})(window.imcbench);
