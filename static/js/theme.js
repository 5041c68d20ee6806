// Says that scripts run, so that what they will show has its place from the first drawing on (portal.css).
document.documentElement.classList.add("scripted");

// Where the person chose "as the device", the kit's dark rules follow the device. Runs before the page is
// drawn. Without scripts the colours follow all the same (portal.css); only the kit's few fixed rules do not.
(() => {
  const root = document.documentElement;
  if (root.dataset.themeChoice !== "auto") return;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => { root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  dark.addEventListener("change", follow);
  follow();
})();
