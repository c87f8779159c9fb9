// The lines of files on their way, in a tray that is there as long as they are.
const tray = document.getElementById('uploads');

export function lineFor(file) {
  const line = document.getElementById('upload').content.firstElementChild.cloneNode(true);
  line.querySelector('.upload__name').textContent = file.name;
  tray.append(line);
  if (!tray.matches(':popover-open')) tray.showPopover();
  return line;
}

export function show({ line }, { value, problem = '' }) {
  const [bar, words, again] = ['progress', '.upload__problem', '[data-again]'].map((each) => line.querySelector(each));
  if (value !== undefined) bar.value = value;
  bar.hidden = Boolean(problem);
  words.hidden = again.hidden = !problem;
  words.textContent = problem;
  line.querySelector('[data-cancel]').textContent = problem ? 'Dismiss' : 'Cancel';
}

export function remove({ line }) {
  line.remove();
  if (!tray.childElementCount && tray.matches(':popover-open')) tray.hidePopover();
}
