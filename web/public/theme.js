// Before the first paint, so that no page flashes in the other theme or language.
(function () {
  try {
    var theme = localStorage.getItem("bise.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    var language = localStorage.getItem("bise.language");
    if (language) document.documentElement.lang = language;
  } catch (error) {
    // No storage: the system's theme, and English.
  }
})();
