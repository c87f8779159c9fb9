// What a browser stores for this site, for good and for a tab: undefined where it may store nothing, as in some frames.
function storage(name) {
  try {
    return window[name];
  } catch {}
}

export const local = storage('localStorage');
export const ofTab = storage('sessionStorage');
