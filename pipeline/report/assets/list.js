"use strict";

// The list of dialogues: search, filters, order. Works on the index alone.
window.imcbench = window.imcbench || {};
(function (app) {
  const FACETS = ["specialty", "source", "modality", "health_system", "language"];
  const STEP = 50; // rows shown at once
  let index = null;
  let matching = [];
  let shown = 0;
  let form = null;

  app.list = {
    start(content) {
      index = content;
      form = app.byId("filters");
      FACETS.forEach((facet) => options(form.elements[facet], index.names[facet]));
      form.elements.sort.append(
        app.element("option", { value: "" }, "no order: by id"),
        ...index.metrics.map((metric) => app.element("option", { value: metric }, app.title(metric))),
      );
      flips();
      head();
      form.addEventListener("input", refresh);
      form.addEventListener("submit", (event) => event.preventDefault());
      form.addEventListener("reset", () => setTimeout(refresh));
      app.byId("more").addEventListener("click", more);
      refresh();
    },
    // The dialogue that lies `step` further in the list as filtered, or null.
    neighbour(position, step) {
      const at = matching.indexOf(position);
      const next = at < 0 ? undefined : matching[at + step];
      return next === undefined ? null : next;
    },
  };

  function options(select, names) {
    select.append(app.element("option", { value: "" }, "all"));
    names.forEach((name, n) => select.append(app.element("option", { value: n }, name)));
  }

  function flips() {
    if (!index.against.length) return;
    document.querySelector(".flip").hidden = false;
    const select = form.elements.flipped;
    select.append(app.element("option", { value: "" }, "any or none"));
    index.against.forEach((other, n) => {
      select.append(
        app.element("option", { value: `${n}:any` }, `either way, against ${other.run}`),
        app.element("option", { value: `${n}:gained` }, `right here, wrong in ${other.run}`),
        app.element("option", { value: `${n}:lost` }, `wrong here, right in ${other.run}`),
      );
    });
  }

  function head() {
    const names = ["Dialogue", "Specialty", "Source", "Turns", "Failed", ...index.metrics.map(app.title)];
    if (index.against.length) names.push("Flipped turns");
    app.byId("head").replaceChildren(...names.map((n) => app.element("th", { scope: "col" }, n)));
  }

  function accepts(position) {
    const query = form.elements.query.value.trim().toLowerCase();
    if (query && !matches(position, query)) return false;
    for (const facet of FACETS) {
      const wanted = form.elements[facet].value;
      if (wanted !== "" && index.facets[facet][position] !== Number(wanted)) return false;
    }
    if (form.elements.failed.checked && !index.failed[position]) return false;
    if (form.elements.hallucinated.checked && !index.hallucinated[position].length) return false;
    return flipped(position, form.elements.flipped.value);
  }

  function matches(position, query) {
    return index.ids[position].toLowerCase().includes(query) ||
      index.hallucinated[position].some((n) =>
        index.concepts[n].replaceAll("_", " ").toLowerCase().includes(query.replaceAll("_", " ")));
  }

  function flipped(position, wanted) {
    if (!wanted) return true;
    const [n, way] = wanted.split(":");
    const other = index.against[Number(n)];
    const gained = other.gained[position] > 0;
    const lost = other.lost[position] > 0;
    return way === "any" ? gained || lost : way === "gained" ? gained : lost;
  }

  function refresh() {
    matching = index.ids.map((_, position) => position).filter(accepts);
    const metric = form.elements.sort.value;
    if (metric) {
      const sign = metric === "hallucination_rate" ? -1 : 1;
      const value = index.values[metric];
      matching = matching.filter((p) => value[p] !== null)
        .sort((a, b) => sign * (value[a] - value[b]) || a - b);
    }
    app.byId("count").textContent =
      `${matching.length.toLocaleString("en")} of ${index.ids.length.toLocaleString("en")} dialogues`;
    shown = 0;
    app.byId("rows").replaceChildren();
    more();
  }

  function more() {
    const next = matching.slice(shown, shown + STEP);
    app.byId("rows").append(...next.map(row));
    shown += next.length;
    app.byId("more").hidden = shown >= matching.length;
  }

  function row(position) {
    const id = index.ids[position];
    const link = app.element("a", { href: app.address(id, 1) }, id);
    const name = (facet) => index.names[facet][index.facets[facet][position]];
    const cells = [name("specialty"), name("source"), index.turns[position], index.failed[position],
      ...index.metrics.map((metric) => app.percent(index.values[metric][position]))];
    if (index.against.length) {
      cells.push(index.against.map((o) => `+${o.gained[position]} −${o.lost[position]}`).join(", "));
    }
    return app.element("tr", {}, app.element("th", { scope: "row" }, link),
      ...cells.map((cell) => app.element("td", {}, cell)));
  }
})(window.imcbench);
