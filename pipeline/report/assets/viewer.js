"use strict";

// Addresses, keys, and the dialogue shown. #/dialogue/ID/turn/N opens one; anything else, the list.
window.imcbench = window.imcbench || {};
(function (app) {
  let index = null;
  let current = null; // { position, record, turn, pictures, turns }

  app.address = (id, turn) => `#/dialogue/${encodeURIComponent(id)}/turn/${turn}`;

  function requested() {
    const match = /^#\/dialogue\/([^/]+)(?:\/turn\/(\d+))?$/.exec(location.hash);
    if (!match) return null;
    try {
      return { id: decodeURIComponent(match[1]), turn: Number(match[2] || 1) };
    } catch {
      return null;
    }
  }

  function state(text) {
    app.byId("state").textContent = text;
  }

  async function route() {
    const wanted = requested();
    app.byId("list").hidden = wanted !== null;
    if (!wanted) {
      app.byId("dialogue").hidden = true;
      current = null;
      document.title = "Dialogues";
      return;
    }
    const position = index.ids.indexOf(wanted.id);
    if (position < 0) {
      state(`There is no dialogue ${wanted.id} in this report.`);
      return;
    }
    if (!current || current.position !== position) await open(position);
    if (current && current.position === position) select(wanted.turn);
  }

  async function open(position) {
    state("Loading the dialogue …");
    let record;
    try {
      record = await app.dialogue(index, position);
    } catch (error) {
      state(error.message);
      return;
    }
    const now = requested();
    if (!now || now.id !== record.id) return; // something else was asked for meanwhile
    app.byId("dialogue-title").textContent = `Dialogue ${record.id}`;
    app.byId("facts").textContent = record.facts.map(([name, value]) => `${name}: ${value}`).join(" · ");
    const pictures = record.images.map(app.picture);
    app.byId("pictures").replaceChildren(...pictures.map((picture) => picture.node));
    const turns = record.turns.map((turn) => app.turn(record.id, turn));
    app.byId("turns").replaceChildren(...turns);
    app.byId("why").textContent = record.why.join("\n");
    app.byId("dialogue").hidden = false;
    document.querySelectorAll(".swatch.other, .other-label").forEach((node) => {
      node.hidden = !index.against.length;
    });
    state("");
    document.title = `Dialogue ${record.id}`;
    const whole = !current;
    current = { position, record, turn: null, pictures, turns };
    [["previous-dialogue", -1], ["next-dialogue", 1]].forEach(([id, step]) => {
      app.byId(id).disabled = app.list.neighbour(position, step) === null;
    });
    if (whole) app.byId("dialogue-title").focus({ preventScroll: true });
  }

  function select(number) {
    const { record, pictures, turns } = current;
    const at = Math.max(0, record.turns.findIndex((turn) => turn.n === number));
    const turn = record.turns[at];
    const moved = current.turn !== null || at > 0;
    current.turn = at;
    turns.forEach((node, n) => {
      node.classList.toggle("active", n === at);
      if (n === at) node.setAttribute("aria-current", "true");
      else node.removeAttribute("aria-current");
    });
    const image = turn.region ? turn.region.image : null;
    const boxes = turn.region ? [{ box: turn.region.box, kind: "gold", label: "annotated region" }] : [];
    turn.others.forEach((other) => {
      if (other.box) boxes.push({ box: other.box, kind: "other", label: `box of ${other.run}` });
    });
    if (turn.box) boxes.push({ box: turn.box, kind: "model", label: "the model's box" });
    pictures.forEach((picture) => {
      const here = picture.image.id === image;
      picture.show(here ? boxes : [], here);
    });
    if (moved) turns[at].scrollIntoView({ block: "nearest" });
  }

  function toTurn(step) {
    const next = current.record.turns[current.turn + step];
    if (next) location.replace(app.address(current.record.id, next.n));
  }

  function toDialogue(step) {
    const next = app.list.neighbour(current.position, step);
    if (next !== null) location.hash = app.address(index.ids[next], 1);
  }

  function onKey(event) {
    const typing = event.target.closest("input, select, textarea");
    if (!current || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!app.byId("shortcuts").checked) return;
    const keys = {
      j: () => toTurn(1), k: () => toTurn(-1), n: () => toDialogue(1), p: () => toDialogue(-1),
    };
    if (keys[event.key]) keys[event.key]();
  }

  async function start() {
    try {
      index = await app.load("index");
    } catch (error) {
      state(error.message);
      return;
    }
    state("");
    app.list.start(index);
    app.byId("previous-dialogue").addEventListener("click", () => toDialogue(-1));
    app.byId("next-dialogue").addEventListener("click", () => toDialogue(1));
    document.addEventListener("keydown", onKey);
    window.addEventListener("hashchange", route);
    await route();
  }

  start();
})(window.imcbench);
