// The theme: what the system says, until the visitor chooses. A classic script
// in the head, so that it runs before the first paint and even when the
// modules cannot be loaded.
(() => {
  const storageKey = "sockjax-demo-theme";
  const themes = ["system", "light", "dark"];
  const root = document.documentElement;

  // Storage can be forbidden; the choice then lasts as long as the page.
  let theme = "system";
  try {
    const stored = localStorage.getItem(storageKey);
    if (themes.includes(stored)) theme = stored;
  } catch {}

  function apply() {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
  }
  apply();

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    function label() {
      button.setAttribute("aria-label", `Theme: ${theme}`);
      button.title = `Theme: ${theme}`;
      button.querySelector("use").setAttribute("href", `/demo/icons.svg#theme-${theme}`);
    }
    label();
    button.addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      apply();
      label();
      try {
        localStorage.setItem(storageKey, theme);
      } catch {}
    });
  });
})();
