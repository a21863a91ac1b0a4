/* The order of banners by dragging rows, or by the arrow keys on their handles. It only
   fills in the places; without it they are typed. */
(function () {
  "use strict";
  var order = document.querySelector("[data-order]");
  var body = document.querySelector("#result_list tbody");
  if (!order || !body) return;

  function rows() { return Array.prototype.slice.call(body.querySelectorAll("tr[data-row]")); }
  function place(row) { return row.querySelector("[data-place]"); }
  // a tab shows some of the banners: they share the places that they have among them
  var places = rows().map(function (row) { return Number(place(row).value); }).sort(function (a, b) { return a - b; });

  function renumber() {
    rows().forEach(function (row, at) { place(row).value = String(places[at]); });
  }

  rows().forEach(function (row) {
    var handle = document.createElement("button");
    handle.type = "button";
    handle.className = "drag-handle";
    handle.title = order.dataset.drag;
    handle.setAttribute("aria-label", order.dataset.drag);
    var sign = document.createElement("i");
    sign.className = "fa-solid fa-grip-vertical";
    sign.setAttribute("aria-hidden", "true");
    handle.appendChild(sign);
    place(row).parentNode.insertBefore(handle, place(row));

    handle.addEventListener("keydown", function (event) {
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      event.preventDefault();
      event.stopPropagation();
      var other = event.key === "ArrowUp" ? row.previousElementSibling : row.nextElementSibling;
      if (!other) return;
      body.insertBefore(row, event.key === "ArrowUp" ? other : other.nextSibling);
      renumber();
      handle.focus();
    });

    handle.addEventListener("pointerdown", function (event) {
      if (event.button) return;
      event.preventDefault();
      handle.focus();
      row.classList.add("is-dragged");

      function move(event) {
        rows().some(function (other) {
          if (other === row) return false;
          var box = other.getBoundingClientRect();
          if (event.clientY < box.top || event.clientY > box.bottom) return false;
          var isAfter = event.clientY > box.top + box.height / 2;
          body.insertBefore(row, isAfter ? other.nextSibling : other);
          return true;
        });
      }
      function end() {
        document.removeEventListener("pointermove", move);
        document.removeEventListener("pointerup", end);
        document.removeEventListener("pointercancel", end);
        row.classList.remove("is-dragged");
        renumber();
      }
      document.addEventListener("pointermove", move);
      document.addEventListener("pointerup", end);
      document.addEventListener("pointercancel", end);
    });
  });
})();
