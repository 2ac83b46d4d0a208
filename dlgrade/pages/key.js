// Search, filters, folds and keys for an answer key. Without it the page is whole; nothing leaves the page.
"use strict";
(() => {
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const one = (id) => document.getElementById(id);
  const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const links = new Map(all("[data-to]").map((link) => [link.dataset.to, link.closest("li")]));
  const entries = all(".entry").map((node) => ({
    node,
    heading: node.querySelector("h3"),
    link: links.get(node.id),
    text: folded(all("h3, .aside, .says, .rubric", node).map((part) => part.textContent).join(" ")),
  }));
  const groups = [...all("section:has(.entry)"), ...all(".chapters > li:has(li)")];
  const search = one("search"), chips = all(".chips button"), folds = all("details.fold");

  const filter = () => {
    const words = folded(search.value).split(/\s+/).filter(Boolean);
    const wanted = {};
    for (const chip of chips.filter((chip) => chip.ariaPressed === "true"))
      (wanted[chip.dataset.of] ??= new Set()).add(chip.dataset.value);
    const fits = ({ node, text }) =>
      words.every((word) => text.includes(word)) &&
      Object.entries(wanted).every(([of, values]) => values.has(node.dataset[of]));
    let left = 0;
    for (const entry of entries) {
      entry.node.hidden = !fits(entry);
      entry.link.hidden = entry.node.hidden;
      left += !entry.node.hidden;
    }
    for (const group of groups) group.hidden = all(".entry, li li", group).every((part) => part.hidden);
    const noun = entries.length === 1 ? "question" : "questions";
    one("count").textContent = `${left === entries.length ? "" : `${left} of `}${entries.length} ${noun}`;
  };

  const clear = () => {
    search.value = "";
    for (const chip of chips) chip.ariaPressed = "false";
    filter();
  };

  // What is too wide for its box can be scrolled with the keyboard.
  const reach = () => {
    for (const box of all(".scroll, .display, .says, .asks, .rubric ul, pre")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else if (box.tabIndex === 0) box.removeAttribute("tabindex");
    }
  };

  const here = () => {
    const shown = entries.filter(({ node }) => !node.hidden);
    const at = shown.findIndex(({ node }) => node.contains(document.activeElement));
    const seen = shown.findIndex(({ node }) => node.getBoundingClientRect().bottom > innerHeight / 4);
    return { shown, at, seen };
  };
  const go = (step) => {
    const { shown, at, seen } = here();
    const next = shown[at >= 0 ? at + step : step > 0 ? seen : seen - 1];
    if (!next) return;
    if (next.heading.tabIndex !== 0) next.heading.tabIndex = -1;
    next.heading.focus({ preventScroll: true });
    next.heading.scrollIntoView({ block: "start" });
  };
  const toggle = () => {
    const { shown, at, seen } = here();
    const fold = shown[at >= 0 ? at : seen]?.node.querySelector("details.fold");
    if (fold) fold.open = !fold.open;
  };
  const keys = { j: () => go(1), k: () => go(-1), o: toggle, "/": () => search.focus() };
  document.addEventListener("keydown", (event) => {
    const writing = event.target.matches("input[type=search], textarea");
    if (writing || event.ctrlKey || event.metaKey || event.altKey || !one("keys").checked || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  search.addEventListener("input", filter);
  for (const chip of chips)
    chip.addEventListener("click", () => {
      chip.ariaPressed = chip.ariaPressed === "true" ? "false" : "true";
      filter();
    });
  one("open")?.addEventListener("click", () => folds.forEach((fold) => (fold.open = true)));
  one("fold")?.addEventListener("click", () => folds.forEach((fold) => (fold.open = false)));

  // A link to a question that a filter hides shows it.
  addEventListener("hashchange", () => {
    const target = one(decodeURIComponent(location.hash.slice(1)));
    if (!target?.closest("[hidden]")) return;
    clear();
    target.scrollIntoView();
  });

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = folds.filter((fold) => !fold.open);
    for (const fold of closed) fold.open = true;
  });
  addEventListener("afterprint", () => closed.forEach((fold) => (fold.open = false)));

  // On a phone the contents and the filters are folded at first.
  const wide = matchMedia("(min-width: 68rem)"), roomy = matchMedia("(min-width: 40rem)");
  const unfold = () => {
    document.querySelector(".contents > details").open = wide.matches;
    document.querySelector(".tools").open = roomy.matches;
  };
  for (const query of [wide, roomy]) query.addEventListener("change", unfold);

  addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
  for (const tool of all(".bar, .tools")) tool.hidden = false;
  unfold();
  filter();
  reach();
})();
