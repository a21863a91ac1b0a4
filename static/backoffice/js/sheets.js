/* Sheets: drop a file, follow the work. Without it the form and "Look again" do the same. */
(function () {
  "use strict";
  var zone = document.querySelector("[data-sheet-drop]");
  if (zone) droppable(zone);
  var bar = document.querySelector("[data-progress]");
  if (bar) follow(bar);
  each("[data-accept]", function (choice) {
    choice.addEventListener("change", function () {
      document.querySelector("[data-sheet-drop] input[type=file]").accept = choice.dataset.accept;
      document.querySelector("[data-limits-of]").textContent = choice.dataset.limits;
    });
  });

  function each(query, act) { Array.prototype.forEach.call(document.querySelectorAll(query), act); }

  function droppable(zone) {
    var input = zone.querySelector("input[type=file]");
    zone.querySelector("[data-drop-hint]").hidden = false;
    ["dragenter", "dragover"].forEach(function (name) {
      zone.addEventListener(name, function (event) { event.preventDefault(); zone.classList.add("is-over"); });
    });
    zone.addEventListener("dragleave", function () { zone.classList.remove("is-over"); });
    zone.addEventListener("drop", function (event) {
      event.preventDefault();
      zone.classList.remove("is-over");
      if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
    });
  }

  function follow(bar) {
    var meter = bar.querySelector("progress"), began = Date.now(), first = meter.value, waits = 0;

    function show(state) {
      meter.max = state.total || 1;
      // without a number the bar only says that something is at work
      if (state.done) meter.value = state.done; else meter.removeAttribute("value");
      bar.querySelector("[data-done]").textContent = state.done;
      bar.querySelector("[data-total]").textContent = state.total;
      var seconds = (Date.now() - began) / 1000, rate = (state.done - first) / seconds, words = [];
      if (rate > 1) {
        words.push(bar.dataset.rate.replace("{rate}", Math.round(rate)).replace("{left}", Math.max(1, Math.round((state.total - state.done) / rate))));
      }
      if (state.errors) words.push(bar.dataset.errors.replace("{errors}", state.errors));
      bar.querySelector("[data-more]").textContent = words.join(" · ");
    }

    function ask() {
      fetch(bar.dataset.progress, { credentials: "same-origin", headers: { Accept: "application/json" } })
        .then(function (answer) {
          if (!answer.ok) throw new Error(String(answer.status));
          return answer.json();
        })
        .then(function (state) {
          waits = 0;
          if (!state.busy) { window.location.reload(); return; }
          show(state);
          window.setTimeout(ask, 1000);
        })
        .catch(function () {
          waits += 1;
          if (waits < 20) window.setTimeout(ask, 3000);
        });
    }
    window.setTimeout(ask, 700);
  }
})();
