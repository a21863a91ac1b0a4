/* Pictures of a goods: drop several, put them in order, cut them, see how far they are sent.
   Without it the same form works with numbers, a radio and a check box. */
(function () {
  "use strict";
  var field = document.querySelector("[data-picture-words]");
  if (!field) return;
  var words = JSON.parse(field.dataset.pictureWords), most = Number(field.dataset.most), maxMb = Number(field.dataset.maxMb);
  var list = field.querySelector("[data-pictures]"), zone = field.querySelector("[data-picture-drop]");
  if (list) present(list);
  if (zone) added(zone);
  Array.prototype.forEach.call(field.querySelectorAll("img[data-thumbnail]"), refresh);

  function each(items, act) { Array.prototype.forEach.call(items, act); }
  function touched(at) { at.dispatchEvent(new CustomEvent("touched", { bubbles: true })); }

  function element(name, className, text) {
    var made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  /* A small button with a sign, whose word is told and shown on hover. */
  function sign(icon, word, act) {
    var made = element("button", "el-button el-button--mini"), mark = element("i", "fa-solid " + icon);
    made.type = "button";
    made.title = word;
    made.setAttribute("aria-label", word);
    mark.setAttribute("aria-hidden", "true");
    made.appendChild(mark);
    made.addEventListener("click", act);
    return made;
  }

  /* Until a small copy is made the shop answers with a placeholder: ask again a few times. */
  function refresh(picture) {
    var tries = 0;
    function ask() {
      fetch(picture.src, { method: "HEAD", credentials: "same-origin", redirect: "manual" }).then(function (answer) {
        if (answer.headers.get("Content-Type") !== "image/png") {
          if (tries) picture.src = picture.src.split("?")[0] + "?" + Date.now();
          return;
        }
        tries += 1;
        if (tries < 20) window.setTimeout(ask, 1500);
      }).catch(function () { /* what was shown stays */ });
    }
    if (picture.complete) ask(); else picture.addEventListener("load", ask, { once: true });
  }

  /* Items that are dragged, or moved by buttons and Alt with an arrow key. */
  function sortable(parent, selector, moved) {
    var dragged = null;
    function other(item, isBack) {
      var next = isBack ? item.nextElementSibling : item.previousElementSibling;
      return next && next.matches(selector) ? next : null;
    }
    function shift(item, isBack, focused) {
      var next = other(item, isBack);
      if (!next) return;
      parent.insertBefore(item, isBack ? next.nextSibling : next);
      moved();
      if (focused) focused.focus();
    }
    function arm(item) {
      item.draggable = true;
      item.addEventListener("dragstart", function (event) {
        dragged = item;
        item.classList.add("is-dragged");
        event.dataTransfer.effectAllowed = "move";
      });
      item.addEventListener("dragend", function () {
        item.classList.remove("is-dragged");
        dragged = null;
        moved();
      });
      item.addEventListener("dragover", function (event) {
        if (!dragged || dragged === item || dragged.parentNode !== parent) return;
        event.preventDefault();
        var box = item.getBoundingClientRect();
        parent.insertBefore(dragged, event.clientX > box.left + box.width / 2 ? item.nextSibling : item);
      });
      item.addEventListener("keydown", function (event) {
        if (!event.altKey || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
        event.preventDefault();
        shift(item, event.key === "ArrowRight", event.target);
      });
    }
    return { arm: arm, shift: shift };
  }

  function moves(item, sorter, more) {
    var bar = element("span", "picture-moves");
    bar.appendChild(sign("fa-arrow-left", words.earlier, function (event) { sorter.shift(item, false, event.currentTarget); }));
    bar.appendChild(sign("fa-arrow-right", words.later, function (event) { sorter.shift(item, true, event.currentTarget); }));
    more.forEach(function (one) { bar.appendChild(one); });
    return bar;
  }

  /* Show a part of a picture in its tile, or the whole of it. */
  function tile(view, picture, source, part) {
    view.classList.toggle("is-part", Boolean(part));
    if (part) window.shopCrop.show(view, source, part);
    else { picture.onload = null; picture.removeAttribute("style"); }
  }

  function cut(source, start, button, keep) {
    window.shopCrop.open(source, { ratio: "1/1", words: words.crop, start: start }).then(function (part) {
      if (part !== null) { keep(part); touched(button); }
      button.focus();
    });
  }

  function present(parent) {
    function items() { return parent.querySelectorAll("[data-picture]"); }
    function renumber() {
      var isMoved = false;
      each(items(), function (item, at) {
        var place = item.querySelector("[data-place]");
        if (place.value !== String(at + 1)) { place.value = String(at + 1); isMoved = true; }
      });
      if (isMoved) touched(parent);
    }
    var sorter = sortable(parent, "[data-picture]", renumber);
    parent.dataset.sortable = "1";
    each(items(), function (item) {
      var remove = item.querySelector("[data-remove]"), part = item.querySelector("[data-part]");
      var view = item.querySelector(".picture-view"), picture = view.querySelector("img"), small = picture.src;
      function mark() { item.classList.toggle("is-gone", remove.checked); }
      function show() {
        tile(view, picture, part.dataset.source, part.value);
        if (!part.value && picture.src !== small) picture.src = small;
      }
      item.title = parent.dataset.drag;
      sorter.arm(item);
      item.appendChild(moves(item, sorter, [
        sign("fa-crop-simple", words.cut, function (event) {
          cut(part.dataset.source, part.value, event.currentTarget, function (chosen) { part.value = chosen; show(); });
        })
      ]));
      remove.addEventListener("change", mark);
      mark();
      if (part.value) show();
    });
  }

  function added(zone) {
    var input = zone.querySelector("input[type=file]"), crops = zone.querySelector("input[type=hidden]");
    var previews = field.querySelector("[data-previews]"), note = field.querySelector("[data-picture-note]");
    var hint = zone.querySelector(".drop-hint"), form = input.form, chosen = [];
    var sorter = sortable(previews, ".picture-item", arrange);
    hint.textContent = zone.dataset.pictureDrop;
    hint.hidden = false;

    function room() { return most - (list ? list.querySelectorAll("[data-picture]:not(.is-gone)").length : 0); }

    /* What is sent is what the tiles say, in their order. */
    function arrange() {
      var files = new DataTransfer(), parts = [];
      chosen.sort(function (one, two) {
        return one.item.compareDocumentPosition(two.item) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;
      });
      chosen.forEach(function (one) { files.items.add(one.file); parts.push(one.part); });
      input.files = files.files;
      crops.value = parts.some(Boolean) ? parts.join(";") : "";
      previews.hidden = !chosen.length;
      note.hidden = chosen.length <= room();
      note.textContent = note.hidden ? "" : words.many;
      if (chosen.length) touched(input);
    }

    function add(file, part) {
      var one = { file: file, part: part || "", url: URL.createObjectURL(file), item: element("li", "picture-item") };
      var view = element("span", "picture-view"), picture = element("img"), name = element("span", "picture-name", file.name);
      picture.alt = file.name;
      picture.src = one.url;
      name.title = file.name;
      view.appendChild(picture);
      one.item.appendChild(view);
      one.item.appendChild(name);
      if (file.size > maxMb * 1048576) one.item.appendChild(element("span", "is-wrong", words.large));
      function show() {
        tile(view, picture, one.url, one.part);
        if (!one.part) picture.src = one.url;
      }
      one.item.appendChild(moves(one.item, sorter, [
        sign("fa-crop-simple", words.cut, function (event) {
          cut(one.url, one.part, event.currentTarget, function (found) { one.part = found; show(); arrange(); });
        }),
        sign("fa-xmark", words.drop, function () {
          chosen.splice(chosen.indexOf(one), 1);
          URL.revokeObjectURL(one.url);
          one.item.remove();
          arrange();
          input.focus();
        })
      ]));
      sorter.arm(one.item);
      chosen.push(one);
      previews.appendChild(one.item);
      if (one.part) show();
    }

    function take(files) {
      each(files, function (file) { add(file); });
      arrange();
    }
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
      take(event.dataTransfer.files);
    });
    // a second choice adds to the first
    input.addEventListener("change", function () { take(input.files); });

    // the page came again because something was wrong: what was chosen is still here
    if (window.shopChosen) {
      window.shopChosen.forEach(function (one) { add(one.file, one.part); });
      window.shopChosen = null;
      arrange();
    }
    form.addEventListener("submit", function (event) {
      if (!chosen.length || event.defaultPrevented) return;
      event.preventDefault();
      send(form, event.submitter, chosen);
    });
  }

  function send(form, submitter, chosen) {
    var bar = field.querySelector("[data-picture-progress]"), meter = bar.querySelector("progress"), told = bar.querySelector("p");
    var body = new FormData(form), request = new XMLHttpRequest(), buttons = form.querySelectorAll("button, input[type=submit]");
    if (submitter && submitter.name) body.append(submitter.name, submitter.value);
    function mb(bytes) { return (bytes / 1048576).toFixed(1); }
    function busy(isBusy) { each(buttons, function (one) { one.disabled = isBusy; }); }
    function lost() { busy(false); told.textContent = words.lost; told.className = "refusal"; bar.scrollIntoView({ block: "nearest" }); }
    told.className = "";
    bar.hidden = false;
    bar.scrollIntoView({ block: "nearest" });
    busy(true);
    request.open("POST", form.getAttribute("action") || window.location.href);
    request.setRequestHeader("X-Shows-Progress", "1");
    request.upload.addEventListener("progress", function (event) {
      if (!event.lengthComputable) return;
      meter.max = event.total;
      if (event.loaded < event.total) {
        meter.value = event.loaded;
        told.textContent = words.sent.replace("{done}", mb(event.loaded)).replace("{total}", mb(event.total));
      } else {
        meter.removeAttribute("value");
        told.textContent = words.kept;
      }
    });
    request.addEventListener("error", lost);
    request.addEventListener("abort", lost);
    request.addEventListener("load", function () {
      if ((request.getResponseHeader("Content-Type") || "").indexOf("application/json") === 0) {
        window.location.assign(JSON.parse(request.responseText).next);
        return;
      }
      window.shopChosen = chosen.map(function (one) { return { file: one.file, part: one.part }; });
      document.open();
      document.write(request.responseText);
      document.close();
    });
    request.send(body);
  }
})();
