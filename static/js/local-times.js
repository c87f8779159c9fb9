// The server writes times in UTC; this tells them in the reader's own zone, in the same words.
const day = { day: 'numeric', month: 'long', year: 'numeric' };
const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
const told = (moment, how) => new Intl.DateTimeFormat('en-GB', how).format(moment);

for (const place of document.querySelectorAll('[data-local-times]')) {
  const zone = place.querySelector('[data-zone]');
  let before = '';
  let last;
  for (const each of place.querySelectorAll('time[datetime]')) {
    last = new Date(each.dateTime);
    const date = told(last, day);
    each.textContent = date === before ? told(last, time) : `${date}, ${told(last, time)}`;
    before = date;
  }
  const parts = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' }).formatToParts(last);
  zone.textContent = parts.find((part) => part.type === 'timeZoneName').value;
}
