/* The order of banners by dragging rows, or by the arrow keys on their handles: it only
   fills in the places; without it they are typed. And the dot of the slide that is seen. */
(function () {
  "use strict";
  var carousel = document.querySelector("[data-carousel]");
  if (carousel) follow(carousel);
  var order = document.querySelector("[data-order]");
  var body = document.querySelector("#result_list tbody");
  if (order && body) sortable();

  function follow(carousel) {
    var dots = document.querySelectorAll(".carousel-dots a");
    function mark() {
      var at = Math.round(carousel.scrollLeft / carousel.clientWidth);
      Array.prototype.forEach.call(dots, function (dot, place) { dot.classList.toggle("is-on", place === at); });
    }
    carousel.addEventListener("scroll", mark);
    mark();
  }

  function rows() { return Array.prototype.slice.call(body.querySelectorAll("tr[data-row]")); }
  function place(row) { return row.querySelector("[data-place]"); }

  function sortable() {
    // a tab shows some of the banners: they share the places that they have among them
    var places = rows().map(function (row) { return Number(place(row).value); }).sort(function (a, b) { return a - b; });

    function renumber() {
      rows().forEach(function (row, at) { place(row).value = String(places[at]); });
    }

    rows().forEach(function (row) {
      var handle = handled(row);
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
        drag(row, renumber);
      });
    });
  }

  function handled(row) {
    var handle = document.createElement("button"), sign = document.createElement("i");
    handle.type = "button";
    handle.className = "drag-handle";
    handle.title = order.dataset.drag;
    handle.setAttribute("aria-label", order.dataset.drag);
    sign.className = "fa-solid fa-grip-vertical";
    sign.setAttribute("aria-hidden", "true");
    handle.appendChild(sign);
    place(row).parentNode.insertBefore(handle, place(row));
    return handle;
  }

  function drag(row, done) {
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
      ["pointermove", "pointerup", "pointercancel"].forEach(function (name) {
        document.removeEventListener(name, name === "pointermove" ? move : end);
      });
      row.classList.remove("is-dragged");
      done();
    }
    row.classList.add("is-dragged");
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", end);
    document.addEventListener("pointercancel", end);
  }
})();
