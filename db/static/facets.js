// Datasette's table.js asks this global whether its column menu may offer facets. Datasette sets it in an inline
// script, which the pages' security policy does not run.
var DATASETTE_ALLOW_FACET = document.querySelector("[data-allow-facet='false']") === null;
