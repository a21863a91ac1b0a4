/* The repricing studio: what the number means follows the rule; one box ticks a page. */
(function () {
  "use strict";
  var kinds = document.querySelector("[data-kinds]");
  function follow() {
    var chosen = kinds.querySelector("input:checked");
    if (!chosen) return;
    var unit = document.querySelector("[data-unit]");
    unit.textContent = chosen.value === "set" || chosen.value === "amount" ? unit.dataset.yuan : "%";
    Array.prototype.forEach.call(document.querySelectorAll("[data-help]"), function (one) {
      one.hidden = one.dataset.help !== chosen.value;
    });
  }
  if (kinds) { kinds.addEventListener("change", follow); follow(); }
  var all = document.querySelector("[data-tick-all]");
  if (all) all.addEventListener("change", function () {
    Array.prototype.forEach.call(document.querySelectorAll("input[name=line]"), function (box) { box.checked = all.checked; });
  });
  var start = document.querySelector("input[name=starts_at]");
  if (start) start.addEventListener("input", function () {
    var later = document.querySelector("input[name=when][value=later]");
    if (later && start.value) later.checked = true;
  });
})();
