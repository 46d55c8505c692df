// Files that the page makes: pictures, tables, and itself.

/** A table as CSV; a cell that a spreadsheet would take for a formula is text. */
export function csv(rows) {
  const cell = (value) => {
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** A picture as a file of its own: colours are written out, and it has a ground. */
export function standalone(shown) {
  const copy = shown.cloneNode(true);
  const ground = document.createElementNS(copy.namespaceURI, "rect");
  for (const [name, value] of Object.entries({ width: "100%", height: "100%", fill: "var(--ground)" })) {
    ground.setAttribute(name, value);
  }
  copy.prepend(ground);
  copy.setAttribute("xmlns", copy.namespaceURI);
  const style = getComputedStyle(document.documentElement);
  return new XMLSerializer().serializeToString(copy).replace(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
}

/** A picture as PNG, with twice the pixels. */
export async function png(shown) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standalone(shown))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * image.width, 2 * image.height];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}

/** Give the reader a file. */
export function saved(name, content, type = content.type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: `${type};charset=utf-8` }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * The page as it is, as one HTML file without scripts, which needs nothing else.
 * @param {Document} page
 * @param {string} address the link that opens the live page in the same state
 * @param {string} style of the page
 * @param {string} note what the file is
 */
export function snapshot(page, address, style, note) {
  const copy = page.cloneNode(true);
  const canvases = page.querySelectorAll("canvas");
  copy.querySelectorAll("canvas").forEach((canvas, place) => {
    const image = copy.createElement("img");
    image.src = canvases[place].toDataURL();
    image.alt = "";
    canvas.replaceWith(image);
  });
  for (const element of copy.querySelectorAll("script, link, .live, .keep > button")) element.remove();
  const fields = [...page.querySelectorAll("input, select")];
  copy.querySelectorAll("input, select").forEach((field) => {
    const text = copy.createElement("span");
    const live = fields.find((own) => own.id === field.id);
    text.textContent = live?.selectedOptions?.[0]?.textContent ?? live?.value ?? "";
    field.replaceWith(text);
  });
  for (const button of copy.querySelectorAll("button")) button.disabled = true;
  const sheet = copy.createElement("style");
  sheet.textContent = style;
  copy.head.append(sheet);
  const link = copy.createElement("a");
  link.href = address;
  link.textContent = address;
  const line = copy.createElement("p");
  line.append(`${note} `, link);
  copy.querySelector("main").prepend(line);
  return `<!doctype html>\n${copy.documentElement.outerHTML}`;
}
