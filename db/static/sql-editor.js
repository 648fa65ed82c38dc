// Datasette's SQL editor, as its own pages start it, without inline script.
"use strict";

(() => {
  const format = document.querySelector("button#sql-format");
  const shown = document.querySelector("pre#sql-query");
  const input = document.querySelector("textarea#sql-editor");
  if (input) {
    const editor = CodeMirror.fromTextArea(input, { lineNumbers: true, lineWrapping: true, mode: "text/x-sql" });
    editor.getInputField().setAttribute("aria-label", "SQL");
    editor.setOption("extraKeys", { "Shift-Enter": () => input.form.submit(), Tab: false });
    if (format) format.addEventListener("click", () => editor.setValue(sqlFormatter.format(editor.getValue())));
  } else if (shown && format) {
    format.addEventListener("click", () => { shown.textContent = sqlFormatter.format(shown.textContent); });
  }
  if (format) format.hidden = false;
})();
