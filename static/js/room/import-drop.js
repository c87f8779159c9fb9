// A file with a table that falls onto the backlog: it opens the preview of an import.
import { facilitates } from './page.js';

const form = document.getElementById('import');
const { file: field } = form.elements;
// Kinds of files that are no tables. The name, which says more, is known only when the file falls.
const OTHERS = ['image/', 'audio/', 'video/', 'application/pdf'];

// The backlog, where the one file that is dragged over it may be a table.
export function backlogUnder({ target, dataTransfer }) {
  const files = [...dataTransfer.items].filter(({ kind }) => kind === 'file');
  if (!facilitates() || files.length !== 1 || OTHERS.some((kind) => files[0].type.startsWith(kind))) return null;
  return target.closest?.('[data-imports]') ?? null;
}

// Whether the file has the name of a table; then it is on its way, and the page with it.
export function opensPreview(files) {
  const name = files[0]?.name.toLowerCase() ?? '';
  if (!field.accept.split(',').some((ending) => name.endsWith(ending))) return false;
  field.files = files;
  form.submit();
  return true;
}
