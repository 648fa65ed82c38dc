// Datasette's table.js asks this global whether its column menu may offer facets. Datasette sets it in an inline
// script, which the pages' security policy does not run.
var DATASETTE_ALLOW_FACET = document.querySelector("[data-allow-facet='false']") === null;

// Its column menus open by the mouse only: the keyboard opens them here, and Escape leads back to the column.
window.addEventListener("load", () => {
  let opener = null;
  for (const icon of document.querySelectorAll(".dropdown-menu-icon")) {
    const column = icon.closest("th").dataset.column;
    for (const [name, value] of [["role", "button"], ["tabindex", "0"], ["aria-label", `Menu of ${column}`]]) {
      icon.setAttribute(name, value);
    }
    icon.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      icon.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
      opener = icon;
      const first = [...document.querySelectorAll(".dropdown-menu a")].find((link) => link.offsetParent !== null);
      if (first) first.focus();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !opener) return;
    document.body.click();
    opener.focus();
    opener = null;
  });
});
