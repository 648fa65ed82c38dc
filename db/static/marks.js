// Leads from one word found to the next: n and p, or the buttons. Without a script the words are marked all the same.
(() => {
  const marks = [...document.querySelectorAll(".text mark")];
  const keys = document.getElementById("marks-keys");
  if (!marks.length || !keys) return;
  const shown = document.getElementById("marks-shown");
  let at = -1;
  const go = (step) => {
    if (at >= 0) marks[at].removeAttribute("aria-current");
    at = (at + step + marks.length + (at < 0 && step < 0 ? 1 : 0)) % marks.length;
    const mark = marks[at];
    mark.setAttribute("aria-current", "true");
    mark.tabIndex = -1;
    mark.focus({ preventScroll: true });
    mark.scrollIntoView({ block: "center" });
    shown.textContent = `Match ${at + 1} of ${marks.length}`;
  };
  keys.hidden = false;
  for (const button of keys.querySelectorAll("button")) {
    button.addEventListener("click", () => go(Number(button.dataset.mark)));
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    if (event.key === "n") go(1);
    if (event.key === "p") go(-1);
  });
})();
