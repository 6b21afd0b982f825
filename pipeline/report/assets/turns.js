"use strict";

// The conversation: questions, answers with their claims underlined by verdict, scores.
window.imcbench = window.imcbench || {};
(function (app) {
  // Worst first: where claims share text, the worst verdict shows.
  const VERDICTS = ["contradicted", "unverifiable", "uncertain", "not counted", "supported"];
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

  app.turn = (id, turn) => {
    const parts = [heading(id, turn)];
    if (turn.question !== undefined) parts.push(labelled("Question", turn.question));
    if (turn.choices && turn.choices.length) {
      parts.push(app.element("ul", { class: "choices" }, turn.choices.map((choice, n) =>
        app.element("li", {}, `(${LETTERS[n] || n + 1}) ${choice}`))));
    }
    if (turn.gold !== undefined && turn.gold !== null) parts.push(labelled("Expert", turn.gold));
    parts.push(...answer(turn));
    if (turn.claims.length) parts.push(claims(turn.claims));
    if (turn.region) parts.push(app.element("p", { class: "note" }, overlap(turn)));
    turn.others.forEach((other) => parts.push(another(other)));
    return app.element("li", { id: `turn-${turn.n}`, class: "turn" }, parts);
  };

  function heading(id, turn) {
    const step = turn.step ? `, ${turn.step}` : "";
    const right = turn.score === null ? "not scored" : turn.score >= 0.5 ? "right" : "wrong";
    const score = turn.score === null ? "" : `, ${app.percent(turn.score)}`;
    return app.element("h3", {},
      app.element("a", { href: app.address(id, turn.n) }, `Turn ${turn.n}`),
      app.element("span", { class: "note" }, ` ${turn.type}${step} `),
      app.element("span", { class: `score ${right.replace(" ", "-")}` }, `${right}${score}`));
  }

  function labelled(label, ...content) {
    return app.element("p", {}, app.element("span", { class: "who" }, `${label} `), content);
  }

  function answer(turn) {
    if (turn.failed) return [labelled("Model", app.element("em", {}, "no answer: the turn failed or is missing"))];
    if (turn.text === undefined) return [];
    const parts = [labelled("Model", marked(turn.text, turn.claims))];
    if (["boolean", "choice", "number", "concept"].includes(turn.type)) {
      parts.push(app.element("p", { class: "note" }, `read as ${turn.read_as === null ? "nothing" : turn.read_as}`));
    }
    if (turn.reasoning_removed) {
      parts.push(app.element("p", { class: "note" },
        `${turn.reasoning_removed.toLocaleString("en")} characters of reasoning taken off`));
    }
    return parts;
  }

  // Spans count characters as code points; text is cut wherever one begins or ends.
  function marked(text, list) {
    const characters = Array.from(text);
    const spans = list.filter((claim) => claim.span[0] >= 0);
    const cuts = [...new Set([0, characters.length, ...spans.flatMap((claim) => claim.span)])]
      .filter((at) => at <= characters.length).sort((a, b) => a - b);
    return cuts.slice(0, -1).map((start, n) => {
      const piece = characters.slice(start, cuts[n + 1]).join("");
      const over = spans.filter((claim) => claim.span[0] <= start && claim.span[1] >= cuts[n + 1]);
      if (!over.length) return piece;
      const worst = VERDICTS.find((verdict) => over.some((claim) => claim.verdict === verdict));
      return app.element("mark", {
        class: worst.replace(" ", "-"),
        title: over.map((claim) => `${claim.told}: ${claim.verdict}`).join("; "),
      }, piece);
    });
  }

  function claims(list) {
    return app.element("ul", { class: "claims", "aria-label": "Claims" }, list.map((claim) => {
      const fault = claim.fault ? ` (${claim.fault})` : "";
      return app.element("li", {},
        app.element("span", { class: `verdict ${claim.verdict.replace(" ", "-")}` }, claim.verdict + fault),
        ` ${claim.told}`);
    }));
  }

  function overlap(turn) {
    if (turn.hit === null) return "Region: not to be found by declaration";
    const where = turn.box === null ? "no box" : turn.iou === null ? "a point" : `IoU ${turn.iou.toFixed(2)}`;
    return `Region ${turn.hit ? "found" : "not found"}: ${where}`;
  }

  function another(other) {
    const score = other.score === null ? "not scored" : app.percent(other.score);
    const reply = other.failed ? "no answer" : other.text === undefined ? "" : other.text;
    return app.element("p", { class: "another" },
      app.element("span", { class: "who" }, `${other.run} (${score}) `), reply);
  }
})(window.imcbench);
