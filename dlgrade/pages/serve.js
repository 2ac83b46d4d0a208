// Comfort for the pages of `dlgrade serve`; all of them work without it.
"use strict";

// Keys: a letter is a link that says so, unless something is being written.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const link = event.key.length === 1 && document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (link) {
    event.preventDefault();
    link.click();
  }
});

// What is too wide for its box can be scrolled with the keyboard.
const reach = () => {
  for (const box of document.querySelectorAll(".says, .says .scroll, .display, .asks, pre")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
reach();
addEventListener("resize", reach);

// The latest week is what one looks for.
for (const weeks of document.querySelectorAll("svg.weeks")) weeks.parentElement.scrollLeft = weeks.parentElement.scrollWidth;

const form = document.querySelector("form.answering");
if (form) {
  const field = form.elements.answer;
  const state = document.getElementById("state");
  const since = Date.parse(form.elements.since.value);
  let kept = field.value;
  let later = 0;
  let leaving = null;

  const keep = async () => {
    clearTimeout(later);
    if (leaving || field.value === kept) return;
    const text = field.value;
    kept = text;
    try {
      const sent = await fetch(form.dataset.draft, {
        method: "POST",
        body: new URLSearchParams({ answer: text, since: form.elements.since.value }),
        keepalive: text.length < 20000, // so that it arrives also from a window that closes; browsers limit its size
      });
      if (!sent.ok) throw new Error(await sent.text());
      if (field.value === text) state.textContent = "Kept";
    } catch {
      kept = null;
      if (!leaving) state.textContent = "Not kept: dlgrade does not answer. Copy your text before you leave this page.";
    }
  };
  field.addEventListener("input", () => {
    state.textContent = "";
    clearTimeout(later);
    later = setTimeout(keep, 400);
  });
  addEventListener("pagehide", keep);
  document.addEventListener("visibilitychange", keep);

  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector('[value="grade"]'));
    }
  });
  form.addEventListener("submit", (event) => {
    if (leaving) event.preventDefault(); // twice is once
    leaving = true;
    state.textContent = event.submitter && event.submitter.value === "aside" ? "" : "Being graded …";
  });
  addEventListener("pageshow", () => (leaving = null)); // back again

  const timer = form.querySelector(".timer");
  const told = () => {
    const seconds = Math.max(0, Math.floor((Date.now() - since) / 1000));
    timer.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  };
  told();
  setInterval(told, 1000);
  field.setSelectionRange(field.value.length, field.value.length);
}

const waiting = document.querySelector("[data-state]");
if (waiting) {
  const look = async () => {
    try {
      const found = await (await fetch(waiting.dataset.state)).json();
      if (found.to) location.replace(found.to);
    } catch {
      waiting.textContent = "dlgrade does not answer. Your answer is on the disk: start it again.";
    }
  };
  setInterval(look, 700);
}
