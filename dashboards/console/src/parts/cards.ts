// v-cards on a table: where the screen is narrow its rows are cards, each cell with the word of its column (page.css).
import type { Directive } from "vue";

function label(table: HTMLTableElement): void {
  table.classList.add("cards");
  const words = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.textContent?.trim() ?? "");
  for (const body of table.tBodies)
    for (const row of body.rows)
      [...row.cells].forEach((cell, at) => {
        const word = row.cells.length === words.length ? (words[at] ?? "") : "";
        if (cell.dataset.word !== word) cell.dataset.word = word;
      });
}

export const cards: Directive<HTMLTableElement> = { mounted: label, updated: label };
