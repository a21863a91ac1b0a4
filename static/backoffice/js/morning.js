/* The morning sheet: spend follows what is typed. The server computes it again. */
(function () {
  "use strict";
  function read(input) {
    var text = input ? input.value.trim() || input.placeholder : "";
    return text === "" ? NaN : Number(text);
  }
  Array.prototype.forEach.call(document.querySelectorAll("[data-section]"), function (section) {
    var total = section.querySelector("[data-total]");
    function add() {
      var sum = 0;
      Array.prototype.forEach.call(section.querySelectorAll("tr[data-row]"), function (row) {
        var cell = row.querySelector("[data-spend]"), quantity = row.querySelector("[data-quantity]");
        if (!cell || !quantity) return;
        var wanted = quantity.value.trim() === "" ? 0 : Number(quantity.value);
        var cost = read(row.querySelector("[data-cost-input]"));
        var spend = Math.round(wanted * cost * 100 + 1e-6) / 100;
        cell.textContent = isNaN(spend) ? "—" : spend.toFixed(2);
        if (!isNaN(spend)) sum += Math.round(spend * 100);
      });
      if (total) total.textContent = (sum / 100).toFixed(2);
    }
    section.addEventListener("input", add);
    if (section.querySelector("[data-quantity]")) add();
  });
})();
