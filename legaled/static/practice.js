// practice.js: keys 1–8 or A–H choose, Enter confirms or goes on. Nothing here is needed.
(function () {
  'use strict';
  document.addEventListener('keydown', function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) { return; }
    var at = event.target;
    if (at.tagName === 'INPUT' && at.type === 'text') { return; }
    if (event.key === 'Enter') {
      if (at.tagName === 'A' || at.tagName === 'BUTTON' || at.tagName === 'SUMMARY') { return; }
      var go = document.querySelector('[data-next], .practice-foot [type=submit]');
      if (go) { event.preventDefault(); go.click(); }
      return;
    }
    var place = '12345678'.indexOf(event.key);
    if (place < 0) { place = 'abcdefgh'.indexOf(event.key.toLowerCase()); }
    if (place < 0 || event.key.length !== 1) { return; }
    var options = document.querySelectorAll('[data-keys] .opt input');
    if (options[place]) { options[place].focus(); options[place].click(); }
  });
}());
