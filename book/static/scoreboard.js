// Sorts the scoreboard's tables by the column whose heading is pressed. Without it they are plain tables.
"use strict";

const RANKS = ["holds", "cannot-tell", "fails"];

// A cell's place in the order: the verdict first, then the number; text that is neither keeps the paper's order.
function key(cell) {
  const verdict = cell.querySelector(".verdict");
  const number = parseFloat(cell.textContent.replace(verdict?.textContent ?? "", "").replace(/^\s*\?/, ""));
  const rank = verdict ? RANKS.findIndex(name => verdict.classList.contains(name)) : RANKS.length;
  return [rank, Number.isNaN(number) ? Infinity : number];
}

function sort(table, column, descending) {
  const body = table.tBodies[0];
  const compare = (a, b) => {
    if (column === 0) return a.dataset.place - b.dataset.place;
    const [x, y] = [key(a.cells[column]), key(b.cells[column])];
    return x[0] - y[0] || (x[1] === y[1] ? a.dataset.place - b.dataset.place : x[1] - y[1]);
  };
  const rows = [...body.rows].sort(compare);
  body.append(...(descending ? rows.reverse() : rows));
}

for (const table of document.querySelectorAll(".scoreboard table")) {
  [...table.tBodies[0].rows].forEach((row, place) => { row.dataset.place = place; });
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.append(...(heading.querySelector("p") ?? heading).childNodes);
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const descending = heading.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sort(table, column, descending);
    });
  });
}
