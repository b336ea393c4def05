// page.js: the few behaviours that every page shares. Nothing here is needed to use a page.
(function () {
  'use strict';
  var root = document.documentElement;
  root.classList.add('js');

  function all(selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); }
  function kept(value) {
    try { return value === undefined ? localStorage.getItem('large') : localStorage.setItem('large', value); } catch (e) { return null; }
  }

  // large type, remembered on this device
  function large(on) {
    root.classList.toggle('large', on);
    all('[data-large]').forEach(function (b) { b.hidden = false; b.setAttribute('aria-pressed', String(on)); });
  }
  large(kept() === '1');

  document.addEventListener('DOMContentLoaded', function () {
    large(kept() === '1');
    all('[data-large]').forEach(function (b) {
      b.addEventListener('click', function () { var on = !root.classList.contains('large'); large(on); kept(on ? '1' : '0'); });
    });
    // show the password
    all('[data-reveal]').forEach(function (b) {
      b.hidden = false;
      b.addEventListener('click', function () {
        var input = document.querySelector(b.dataset.reveal), on = input.type === 'password';
        input.type = on ? 'text' : 'password';
        b.setAttribute('aria-pressed', String(on));
      });
    });
    // a form that takes a while says so and cannot be sent twice
    all('form[data-busy]').forEach(function (form) {
      form.addEventListener('submit', function () {
        var button = form.querySelector('[type=submit]');
        setTimeout(function () { button.disabled = true; button.textContent = form.dataset.busy; }, 0);
      });
    });
  });
}());
