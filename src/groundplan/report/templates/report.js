"use strict";
(() => {
  const { config, charts } = JSON.parse(document.getElementById("charts").textContent);
  const options = { mode: "vega-lite", renderer: "svg", actions: false, config, tooltip: { theme: "custom" } };
  const draw = async (place) => {
    const spec = { ...charts[place.dataset.chart], width: "container", autosize: { type: "fit-x", contains: "padding" } };
    // A map keeps its shape: on a narrow screen it is as high as it is wide.
    if (spec.projection) spec.height = Math.min(spec.height, place.clientWidth);
    await window.vegaEmbed(place, spec, options);
    place.style.minHeight = "";
    place.dataset.drawn = "";
  };
  const places = [...document.querySelectorAll(".chart")];
  // Charts in a closed part have no width yet; they are drawn when it opens.
  const isShown = (place) => place.closest("details:not([open])") === null;
  const drawAll = async (list) => {
    for (const place of list) {
      if (!("drawn" in place.dataset)) {
        try {
          await draw(place);
        } catch (error) {
          place.textContent = "This chart cannot be drawn here; its numbers stand in the table.";
          console.error(error);
        }
      }
      await new Promise((resolve) => setTimeout(resolve));
    }
  };
  document.querySelectorAll("details.more").forEach((part) => part.addEventListener("toggle", () => drawAll([...part.querySelectorAll(".chart")])));
  drawAll(places.filter(isShown)).then(() => document.documentElement.setAttribute("data-ready", ""));
})();
