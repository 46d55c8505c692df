// On a phone a figure is as wide as its letters need: one of a single panel is seen whole, a wider one is pushed
// sideways, and a line below says so. Without it every figure is pushed.
"use strict";

const PHONE = matchMedia("(max-width: 36em)");
const LEAST = { svg: 0.58, png: 0.5 }; // of the size that a figure was made for; its PNG has more pixels to the inch

function fit(image) {
  const kind = /\.svg($|[?#])/.test(image.currentSrc || image.src) ? "svg" : "png";
  image.style.minWidth = PHONE.matches ? 0 : "";
  image.style.width = PHONE.matches ? `max(100%, ${Math.round(LEAST[kind] * image.naturalWidth)}px)` : "";
}

function mark() {
  for (const box of document.querySelectorAll(".exhibit, .cell_output, article p:has(> img)")) {
    box.classList.toggle("sideways", box.scrollWidth > box.clientWidth + 4);
  }
}

async function show() {
  const images = [...document.querySelectorAll(":is(.exhibit, .cell_output) img, article p > img")];
  await Promise.all(images.map((image) => image.decode().then(() => fit(image), () => null)));
  mark();
}

show();
PHONE.addEventListener("change", show);
