// What the document says in English, said in the page's language where that has words for it.

const english = new WeakMap();

/** Puts the words of `t` into a document, and its own English words where `t` has none. */
export function sayIn(doc, t) {
  for (const [name, outcome] of Object.entries(doc.outcomes)) put(outcome, "text", t, `document.outcome.${name}`);
  for (const cell of doc.cells) {
    for (const control of cell.controls) {
      const label = kept(control, "label");
      control.label = label.replace(/[a-z]+/g, (word) => (t.has(`document.word.${word}`) ? t(`document.word.${word}`) : word));
    }
    for (const block of cell.blocks) {
      const key = `document.block.${block.id.replace(/^current_.*/, "current")}`;
      put(block, "label", t, key, { label: cell.controls[block.sets[0].control].label });
      put(block, "text", t, `${key}.text`);
      if (block.dose) put(block.dose, "label", t, `${key}.dose`);
    }
    for (const card of cell.scenarios) {
      put(card, "label", t, `document.card.${card.id}`);
      put(card, "text", t, `document.card.${card.id}.text`, card.numbers);
    }
  }
}

/** The English text of a field, as the document came. */
function kept(entry, field) {
  if (!english.has(entry)) english.set(entry, {});
  return (english.get(entry)[field] ??= entry[field]);
}

function put(entry, field, t, key, values) {
  const text = kept(entry, field);
  entry[field] = t.has(key) ? t(key, values) : text;
}
