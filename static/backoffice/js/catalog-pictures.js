/* Pictures of a goods: drag to put in order, drop files, see them before they are saved.
   Without it the same form works with numbers, a radio and a check box. */
(function () {
  "use strict";
  var list = document.querySelector("[data-pictures]");
  if (list) sortable(list);
  var zone = document.querySelector("[data-picture-drop]");
  if (zone) droppable(zone);

  function items() { return Array.prototype.slice.call(list.querySelectorAll("[data-picture]")); }

  function renumber() {
    var isMoved = false;
    items().forEach(function (item, at) {
      var place = item.querySelector("[data-place]");
      if (place.value !== String(at + 1)) { place.value = String(at + 1); isMoved = true; }
    });
    if (isMoved) list.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function sortable(list) {
    var dragged = null;
    list.dataset.sortable = "1";
    items().forEach(function (item) {
      item.draggable = true;
      item.title = list.dataset.drag;
      item.addEventListener("dragstart", function (event) {
        dragged = item;
        item.classList.add("is-dragged");
        event.dataTransfer.effectAllowed = "move";
      });
      item.addEventListener("dragend", function () {
        item.classList.remove("is-dragged");
        dragged = null;
        renumber();
      });
      item.addEventListener("dragover", function (event) {
        if (!dragged || dragged === item) return;
        event.preventDefault();
        var box = item.getBoundingClientRect();
        var isAfter = event.clientX > box.left + box.width / 2;
        list.insertBefore(dragged, isAfter ? item.nextSibling : item);
      });
      item.addEventListener("keydown", function (event) {
        if (!event.altKey || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
        event.preventDefault();
        var other = event.key === "ArrowLeft" ? item.previousElementSibling : item.nextElementSibling;
        if (!other) return;
        list.insertBefore(item, event.key === "ArrowLeft" ? other : other.nextSibling);
        renumber();
        event.target.focus();
      });
      var remove = item.querySelector("[data-remove]");
      function mark() { item.classList.toggle("is-gone", remove.checked); }
      remove.addEventListener("change", mark);
      mark();
    });
  }

  function droppable(zone) {
    var input = zone.querySelector("input[type=file]");
    var hint = zone.querySelector(".drop-hint");
    var previews = document.querySelector("[data-previews]");
    var urls = [];
    hint.textContent = zone.dataset.pictureDrop;
    hint.hidden = false;
    ["dragenter", "dragover"].forEach(function (name) {
      zone.addEventListener(name, function (event) {
        if (Array.prototype.indexOf.call(event.dataTransfer.types, "Files") < 0) return;
        event.preventDefault();
        zone.classList.add("is-over");
      });
    });
    ["dragleave", "drop"].forEach(function (name) {
      zone.addEventListener(name, function () { zone.classList.remove("is-over"); });
    });
    zone.addEventListener("drop", function (event) {
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    input.addEventListener("change", function () {
      urls.forEach(function (url) { URL.revokeObjectURL(url); });
      urls = [];
      previews.textContent = "";
      Array.prototype.forEach.call(input.files, function (file) {
        var item = document.createElement("li"), picture = document.createElement("img");
        var frame = document.createElement("span"), name = document.createElement("span");
        item.className = "picture-item";
        frame.className = "picture-view";
        name.className = "picture-name";
        picture.alt = "";
        picture.src = URL.createObjectURL(file);
        urls.push(picture.src);
        name.textContent = file.name;
        name.title = file.name;
        frame.appendChild(picture);
        item.appendChild(frame);
        item.appendChild(name);
        previews.appendChild(item);
      });
      previews.hidden = !input.files.length;
    });
  }
})();
