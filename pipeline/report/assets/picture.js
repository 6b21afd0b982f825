"use strict";

// One image with boxes over it: pan, zoom, window and level. Boxes are in pixels of the stored image.
window.imcbench = window.imcbench || {};
(function (app) {
  const FULL = { width: 255, level: 128 };
  let made = 0;

  app.picture = (image) => new Picture(image);

  class Picture {
    constructor(image) {
      this.image = image;
      this.number = made += 1;
      this.view = null;
      const when = image.role === "prior" ? `Prior image, ${image.days_before} days before` : "Current image";
      this.caption = app.element("figcaption", {}, when);
      if (image.src === null) {
        this.node = app.element("figure", { class: "picture" }, this.caption,
          app.element("p", { class: "note" }, "This image is not part of the report, or could not be read."));
        return;
      }
      this.boxes = app.drawing("g", {});
      this.transfer = ["feFuncR", "feFuncG", "feFuncB"].map((tag) =>
        app.drawing(tag, { type: "linear", slope: 1, intercept: 0 }));
      this.pixels = app.drawing("image", {
        href: image.src, width: image.width, height: image.height, preserveAspectRatio: "none",
      });
      this.svg = app.drawing("svg", {
        class: "view", tabindex: 0, role: "img",
        "aria-label": `${when}. Keys: plus and minus zoom, arrows move, 0 resets.`,
      }, app.drawing("filter", { id: `window-${this.number}`, "color-interpolation-filters": "sRGB" },
        app.drawing("feComponentTransfer", {}, this.transfer)), this.pixels, this.boxes);
      this.node = app.element("figure", { class: "picture" }, this.caption, this.svg, this.tools(when));
      this.listen();
      this.reset();
    }

    tools(when) {
      const slider = (name, max, value) => {
        const input = app.element("input", { type: "range", min: name === "width" ? 8 : 0, max, value });
        input.addEventListener("input", () => this.shade());
        this[name] = input;
        return app.element("label", {}, `Window ${name} `, input);
      };
      const zoom = (label, symbol, action) =>
        app.button(symbol, action, { "aria-label": `${label}: ${when}`, title: label });
      return app.element("div", { class: "tools" },
        zoom("Zoom in", "+", () => this.zoom(0.8)), zoom("Zoom out", "−", () => this.zoom(1.25)),
        zoom("Reset", "Reset", () => this.reset()),
        slider("width", 510, FULL.width), slider("level", 255, FULL.level));
    }

    listen() {
      let from = null;
      this.svg.addEventListener("pointerdown", (event) => {
        from = event;
        this.svg.setPointerCapture(event.pointerId);
      });
      this.svg.addEventListener("pointermove", (event) => {
        if (!from) return;
        const scale = this.view.w / this.svg.clientWidth;
        this.move((from.clientX - event.clientX) * scale, (from.clientY - event.clientY) * scale);
        from = event;
      });
      ["pointerup", "pointercancel"].forEach((end) =>
        this.svg.addEventListener(end, () => { from = null; }));
      this.svg.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && document.activeElement !== this.svg) return;
        event.preventDefault();
        this.zoom(event.deltaY > 0 ? 1.15 : 0.87);
      }, { passive: false });
      this.svg.addEventListener("keydown", (event) => {
        const by = this.view.w / 10;
        const keys = {
          "+": () => this.zoom(0.8), "=": () => this.zoom(0.8), "-": () => this.zoom(1.25),
          0: () => this.reset(), ArrowLeft: () => this.move(-by, 0), ArrowRight: () => this.move(by, 0),
          ArrowUp: () => this.move(0, -by), ArrowDown: () => this.move(0, by),
        };
        if (!keys[event.key]) return;
        event.preventDefault();
        keys[event.key]();
      });
    }

    reset() {
      this.view = { x: 0, y: 0, w: this.image.width, h: this.image.height };
      this.width.value = FULL.width;
      this.level.value = FULL.level;
      this.shade();
      this.move(0, 0);
    }

    zoom(factor) {
      const { x, y, w, h } = this.view;
      const size = Math.min(this.image.width, Math.max(this.image.width / 20, w * factor));
      const by = size / w;
      this.view = { x: x + (w * (1 - by)) / 2, y: y + (h * (1 - by)) / 2, w: size, h: h * by };
      this.move(0, 0);
    }

    // The centre of the view stays on the image.
    move(dx, dy) {
      const keep = (value, size, whole) => Math.min(whole - size / 2, Math.max(-size / 2, value));
      this.view.x = keep(this.view.x + dx, this.view.w, this.image.width);
      this.view.y = keep(this.view.y + dy, this.view.h, this.image.height);
      const { x, y, w, h } = this.view;
      this.svg.setAttribute("viewBox", `${x} ${y} ${w} ${h}`);
    }

    // Grey g in 0..255 is shown as (g - (level - width / 2)) / width.
    shade() {
      const width = Number(this.width.value);
      const level = Number(this.level.value);
      const plain = width === FULL.width && level === FULL.level;
      this.transfer.forEach((part) => {
        part.setAttribute("slope", 255 / width);
        part.setAttribute("intercept", -(level - width / 2) / width);
      });
      if (plain) this.pixels.removeAttribute("filter");
      else this.pixels.setAttribute("filter", `url(#window-${this.number})`);
    }

    // Boxes: [{ box, kind, label }], lowest first; one without extent is a point.
    show(boxes, active) {
      this.node.classList.toggle("active", active);
      if (!this.boxes) return;
      const halos = [];
      const lines = boxes.map(({ box, kind, label }) => {
        const [x0, y0, x1, y1] = box;
        const point = x1 - x0 < 1 && y1 - y0 < 1;
        const shape = (name) => point
          ? app.drawing("circle", { class: name, cx: x0, cy: y0, r: this.image.width / 80 })
          : app.drawing("rect", { class: name, x: x0, y: y0, width: x1 - x0, height: y1 - y0 });
        const line = shape(`box ${kind}`);
        line.append(app.drawing("title", {}, label));
        halos.push(shape("halo"));
        return line;
      });
      this.boxes.replaceChildren(...halos, ...lines);
    }
  }
})(window.imcbench);
