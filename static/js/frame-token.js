// The member's secret in a frame of another site whose browser stores no cookies there. It comes in the address, behind
// the # that is never sent, and is kept as long as the tab is open. Where it is not even kept, it stays in the address.
import { ofTab } from './storage.js';

const { hash, pathname } = location;
const place = `frame ${pathname.split('/').slice(0, 3).join('/')}`;
const given = new URLSearchParams(hash.slice(1)).get('frame');
if (given) ofTab?.setItem(place, given);

const framed = window !== window.top;
export const token = framed ? (ofTab?.getItem(place) ?? given) : null;
// For every request to this site.
export const headers = token ? { 'X-Frame-Token': token } : {};
