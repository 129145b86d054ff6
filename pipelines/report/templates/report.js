"use strict";
(() => {
  const root = document.documentElement;
  const languages = [...document.querySelectorAll(".language")];
  const tip = document.getElementById("tip");
  const first = "overview";
  let language = "en";
  let page = first;

  // What the reader chose is kept in the address (#zh-risk), so that it survives a reload and can be passed on.
  const wanted = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const section = target && target.closest(".page");
    return section ? { target, section, code: section.closest(".language").id } : null;
  };

  const drawn = new Map();
  const font = getComputedStyle(document.body).fontFamily;
  const config = (width) => ({
    aria: false,
    background: null,
    font,
    autosize: { type: "fit-x", contains: "padding" },
    padding: { left: 2, right: 18, top: 4, bottom: 4 },
    view: { stroke: null },
    mark: { color: "var(--c1)" },
    bar: { color: "var(--c1)" },
    text: { color: "var(--ink)" },
    axis: {
      labelColor: "var(--soft)", titleColor: "var(--soft)", gridColor: "var(--line)", domainColor: "var(--soft)",
      tickColor: "var(--soft)", labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400,
    },
    axisBand: { grid: false },
    axisY: { labelLimit: width < 480 ? 130 : width < 900 ? 320 : 480 },
    legend: {
      orient: "bottom", labelColor: "var(--ink)", labelFontSize: 12, symbolSize: 90, columns: width < 480 ? 2 : width < 760 ? 4 : 8,
      labelLimit: width < 480 ? 130 : 220,
    },
  });

  const showTip = (handler, event, item, value) => {
    if (value === null || value === undefined || value === "") {
      tip.hidden = true;
      return;
    }
    tip.textContent = String(value);
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 4))}px`;
    tip.style.top = `${Math.max(4, Math.min(event.clientY + 14, innerHeight - box.height - 4))}px`;
  };

  const draw = async (box, width) => {
    if (drawn.get(box) === width) return;
    drawn.set(box, width);
    const spec = JSON.parse(box.closest(".block").querySelector(".spec").textContent);
    const least = (spec.usermeta && spec.usermeta.minWidth) || 0;
    spec.width = Math.max(width, least);
    box.style.width = `${spec.width}px`;
    await vegaEmbed(box, spec, {
      actions: false, config: config(width), defaultStyle: false, hover: true, renderer: "svg", tooltip: showTip,
    });
    // The box has the text alternative, and the table below it has the figures.
    box.querySelector("svg").setAttribute("aria-hidden", "true");
  };

  // The inner width of a card, also on a page that is not shown: all pages have the width of the window.
  const widthOf = (block) => {
    const space = innerWidth <= 560 ? 24 + 28 : 40 + 40;
    const main = Math.min(root.clientWidth, 1180);
    const isHalf = innerWidth >= 1000 && block.classList.contains("narrow");
    return Math.floor(isHalf ? (main - 40 - 18) / 2 - 42 : main - space - 2);
  };

  const drawPage = async (section) => {
    for (const box of section.querySelectorAll(".chart")) await draw(box, widthOf(box.closest(".block")));
  };

  // All pages of the language, so that the paper has every chart.
  const drawAll = async () => {
    for (const section of document.getElementById(language).querySelectorAll(".page")) await drawPage(section);
  };

  const show = (code, section, target) => {
    language = code;
    page = section.id.slice(code.length + 1);
    for (const one of languages) one.hidden = one.id !== code;
    for (const one of document.querySelectorAll(".page")) one.classList.toggle("shown", one === section);
    for (const link of document.querySelectorAll("nav.pages a")) {
      if (link.hash === `#${section.id}`) {
        link.setAttribute("aria-current", "page");
        link.scrollIntoView({ block: "nearest", inline: "nearest" });
      } else {
        link.removeAttribute("aria-current");
      }
    }
    const shown = document.getElementById(code);
    root.lang = shown.lang;
    document.title = shown.dataset.title;
    tip.hidden = true;
    drawPage(section).then(() => {
      if (target && target !== section) target.scrollIntoView();
      return drawAll();
    });
    if (target && target !== section) target.scrollIntoView();
    else scrollTo(0, 0);
  };

  const route = () => {
    const found = wanted();
    if (found) show(found.code, found.section, found.target);
    else if (!document.querySelector(".page.shown")) show(language, document.getElementById(`${language}-${first}`), null);
  };

  const theme = (dark) => {
    root.dataset.theme = dark ? "dark" : "light";
    for (const button of document.querySelectorAll("[data-theme-switch]")) button.setAttribute("aria-pressed", String(dark));
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.language) location.hash = `#${button.dataset.language}-${page}`;
    else if ("themeSwitch" in button.dataset) theme(root.dataset.theme !== "dark");
    else if ("print" in button.dataset) drawAll().then(() => print());
  });
  addEventListener("hashchange", route);
  let waiting = 0;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => drawPage(document.querySelector(".page.shown")), 150);
  });
  // Paper shows every page of the language, with the tables that are not long.
  let closed = [];
  addEventListener("beforeprint", () => {
    const shown = document.getElementById(language);
    closed = [...shown.querySelectorAll("details:not([open])")].filter(
      (one) => !one.querySelector(".warnings") && one.querySelectorAll("tr").length <= 16,
    );
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });

  root.classList.add("script");
  theme(matchMedia("(prefers-color-scheme: dark)").matches);
  if ((navigator.language || "").toLowerCase().startsWith("zh")) language = "zh";
  route();
})();
