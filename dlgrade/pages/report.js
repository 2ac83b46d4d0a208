// Finding and ordering answers. Without it everything is there all the same, in one order.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const tools = document.querySelector(".tools");
  const answers = [...document.querySelectorAll("details.answer")];
  if (!answers.length) return;
  tools.hidden = false;
  const places = new Map(answers.map((answer, place) => [answer, place]));
  const texts = new Map();
  const text = (answer) => {
    if (!texts.has(answer)) texts.set(answer, answer.textContent.toLowerCase());
    return texts.get(answer);
  };
  const id = (answer) => answer.querySelector(".id").textContent;
  const number = (name) => (answer) => Number(answer.dataset[name]);
  const percent = number("percent");
  const orders = {
    "": (a, b) => places.get(a) - places.get(b),
    low: (a, b) => percent(a) - percent(b),
    high: (a, b) => percent(b) - percent(a),
    id: (a, b) => id(a).localeCompare(id(b), undefined, { numeric: true }),
  };

  const filter = () => {
    const wanted = byId("find").value.trim().toLowerCase();
    const doubtful = byId("look").checked;
    let shown = 0;
    for (const answer of answers) {
      answer.hidden = (doubtful && answer.dataset.look === "0") || (wanted !== "" && !text(answer).includes(wanted));
      shown += answer.hidden ? 0 : 1;
    }
    byId("count").textContent = shown === answers.length ? `${shown} answers` : `${shown} of ${answers.length} answers`;
  };
  byId("find").addEventListener("input", filter);
  byId("look").addEventListener("change", filter);
  byId("order").addEventListener("change", () => {
    const order = orders[byId("order").value];
    for (const list of document.querySelectorAll(".answers")) list.append(...[...list.children].sort(order));
  });
  byId("open").addEventListener("click", () => {
    const seen = answers.filter((answer) => !answer.hidden);
    const open = seen.some((answer) => !answer.open);
    for (const answer of seen) answer.open = open;
    byId("open").textContent = open ? "Close all" : "Open all";
  });

  const reveal = () => {
    const target = location.hash && byId(location.hash.slice(1));
    const answer = target && target.closest("details.answer");
    if (!answer) return;
    answer.hidden = false;
    answer.open = true;
    answer.scrollIntoView();
    answer.querySelector("summary").focus({ preventScroll: true });
  };
  addEventListener("hashchange", reveal);
  filter();
  reveal();
})();
