"use strict";

// Data scripts call imcbench.receive. A page opened from a disk may not fetch, but may load scripts.
window.imcbench = window.imcbench || {};
(function (app) {
  const KEPT = 12; // shards in memory
  const requests = new Map();
  const waiting = new Map();

  app.receive = (name, content) => {
    const take = waiting.get(name);
    waiting.delete(name);
    if (take) take(content);
  };

  app.load = (name) => {
    if (!requests.has(name)) {
      requests.set(name, request(name));
      const oldest = [...requests.keys()].filter((key) => key.startsWith("shard-"));
      if (oldest.length > KEPT) requests.delete(oldest[0]);
    }
    return requests.get(name);
  };

  function request(name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      waiting.set(name, resolve);
      script.src = `data/${name}.js`;
      script.addEventListener("load", () => script.remove());
      script.addEventListener("error", () => {
        script.remove();
        waiting.delete(name);
        requests.delete(name);
        reject(new Error(`data/${name}.js cannot be loaded`));
      });
      document.head.append(script);
    });
  }

  app.dialogue = async (index, position) => {
    const number = Math.floor(position / index.shard) + 1;
    const shard = await app.load(`shard-${String(number).padStart(4, "0")}`);
    return shard.dialogues[position % index.shard];
  };
})(window.imcbench);
