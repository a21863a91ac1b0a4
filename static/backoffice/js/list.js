/* Lists: ticking rows, the bar for ticked ones, finding a choice in a long filter. */
(function () {
  "use strict";
  function all(selector, within) { return Array.prototype.slice.call((within || document).querySelectorAll(selector)); }

  var ticks = all("[data-tick]");
  var every = document.querySelector("[data-tick-all]");
  var bar = document.querySelector("[data-bulk]");
  var last = null;

  function show() {
    var ticked = ticks.filter(function (tick) { return tick.checked; });
    ticks.forEach(function (tick) { tick.closest("tr").classList.toggle("is-ticked", tick.checked); });
    if (bar) {
      bar.classList.toggle("is-shown", ticked.length > 0);
      bar.querySelector("[data-bulk-count]").textContent = ticked.length;
      var across = bar.querySelector("[name=select_across]");
      if (across && !ticked.length) across.checked = false;
      // only verbs that fit at least one of the ticked rows
      var fitting = ticked.map(function (tick) { return tick.closest("tr").dataset.verbs || ""; }).join(" ").split(" ");
      all("[data-verb]", bar).forEach(function (button) {
        button.hidden = !(across && across.checked) && fitting.indexOf(button.dataset.verb) < 0;
      });
    }
    if (every) {
      every.checked = ticked.length > 0 && ticked.length === ticks.length;
      every.indeterminate = ticked.length > 0 && ticked.length < ticks.length;
    }
  }
  ticks.forEach(function (tick, index) {
    tick.addEventListener("click", function (event) {
      // with Shift, everything between this one and the one before
      if (event.shiftKey && last !== null) {
        for (var i = Math.min(index, last); i <= Math.max(index, last); i++) ticks[i].checked = tick.checked;
      }
      last = index;
      show();
    });
  });
  if (every && ticks.length) {
    every.hidden = false;
    every.addEventListener("change", function () {
      ticks.forEach(function (tick) { tick.checked = every.checked; });
      show();
    });
  }
  all("[data-bulk-none]").forEach(function (button) {
    button.addEventListener("click", function () {
      ticks.forEach(function (tick) { tick.checked = false; });
      show();
    });
  });
  all("[name=select_across]").forEach(function (box) { box.addEventListener("change", show); });
  window.addEventListener("pageshow", show);
  show();

  // on a phone the tab that is open may stand out of sight
  all(".list-tab.is-active").forEach(function (tab) {
    var strip = tab.parentElement;
    if (strip.scrollWidth > strip.clientWidth) strip.scrollLeft = tab.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2;
  });

  // more columns than room: the table scrolls, not the page
  function fit() {
    all(".table-wrap").forEach(function (wrap) {
      wrap.classList.remove("is-tight");
      wrap.classList.toggle("is-tight", wrap.scrollWidth > wrap.clientWidth + 1);
    });
  }
  window.addEventListener("resize", fit);
  fit();

  all("[data-filter-choices]").forEach(function (list) {
    if (list.children.length < 12) return;
    var search = document.createElement("input");
    search.type = "search";
    search.className = "filter-find";
    search.setAttribute("aria-label", list.closest("details").querySelector("summary").textContent.trim());
    list.parentNode.insertBefore(search, list);
    search.addEventListener("input", function () {
      var wanted = search.value.trim().toLowerCase();
      all("li", list).forEach(function (item) { item.hidden = item.textContent.toLowerCase().indexOf(wanted) < 0; });
    });
    list.closest("details").addEventListener("toggle", function (event) { if (event.target.open) search.focus(); });
  });
})();
