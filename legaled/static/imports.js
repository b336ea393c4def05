// imports.js: dropping a file, and watching the work on it. The pages work without it.
(function () {
  'use strict';

  function drop(zone) {
    var input = zone.querySelector('input[type=file]'), words = zone.querySelector('[data-drop-words]');
    words.hidden = false;
    function over(on) { zone.classList.toggle('over', on); }
    ['dragenter', 'dragover'].forEach(function (name) {
      zone.addEventListener(name, function (e) { e.preventDefault(); over(true); });
    });
    zone.addEventListener('dragleave', function () { over(false); });
    zone.addEventListener('drop', function (e) {
      e.preventDefault();
      over(false);
      if (e.dataTransfer.files.length === 1) {
        input.files = e.dataTransfer.files;
        words.textContent = '已选：' + input.files[0].name;
      } else {
        words.textContent = '一次只能放一个文件';
      }
    });
    input.addEventListener('change', function () {
      words.textContent = input.files.length ? '已选：' + input.files[0].name : '也可以把文件拖到这里';
    });
    // a file that misses the zone must not replace the page
    ['dragover', 'drop'].forEach(function (name) {
      window.addEventListener(name, function (e) { e.preventDefault(); });
    });
  }

  function watch(section) {
    var words = section.querySelector('[data-words]'), bar = section.querySelector('progress');
    function again() { setTimeout(look, 700); }
    function look() {
      fetch(section.dataset.working, { headers: { Accept: 'application/json' }, credentials: 'same-origin' })
        .then(function (answer) {
          if (!answer.ok) { location.reload(); return null; }
          return answer.json();
        })
        .then(function (now) {
          if (!now) return;
          if (now.settled) { location.reload(); return; }
          if (words.textContent !== now.words) words.textContent = now.words;
          if (now.total && now.stage !== 'writing') { bar.max = now.total; bar.value = now.done; } else bar.removeAttribute('value');
          again();
        })
        .catch(again); // the line is down: the work goes on without us
    }
    again();
  }

  document.addEventListener('DOMContentLoaded', function () {
    document.querySelectorAll('[data-drop]').forEach(drop);
    document.querySelectorAll('[data-working]').forEach(watch);
    document.querySelectorAll('form[data-busy-main]').forEach(function (form) {
      form.addEventListener('submit', function (e) {
        var button = form.querySelector('.btn-primary');
        if (e.submitter && e.submitter !== button) return; // the choices are sent by this form too
        setTimeout(function () { button.disabled = true; button.textContent = form.dataset.busyMain; }, 0);
      });
    });
  });
}());
