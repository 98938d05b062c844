"""The rules of method.md 3.1 and 3.2, computed with OpenCV. Tests compare the pipeline with these independent results.

usage: clam.py JOBS.json > ANSWERS.json

A job: {"rgb": FILE, "width", "height", "slide": [W, H], "downsample": [x, y], "settings": tissue settings,
"side": [x, y], "step": [x, y]}; FILE holds raw RGB rows. An answer: the contours with their holes in level-0 pixels, the
tiles, and a digest of each intermediate picture.
"""
import hashlib
import json
import sys

import cv2
import numpy as np


def digest(picture):
    return hashlib.sha256(np.ascontiguousarray(picture).tobytes()).hexdigest()


def pictures(rgb, s):
    saturation = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)[:, :, 1]
    smooth = cv2.medianBlur(np.ascontiguousarray(saturation), s["mthresh"])
    kind = cv2.THRESH_BINARY + (cv2.THRESH_OTSU if s["useOtsu"] else 0)
    _, mask = cv2.threshold(smooth, 0 if s["useOtsu"] else s["sthresh"], 255, kind)
    if s["close"] > 0:
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((s["close"], s["close"]), np.uint8))
    return saturation, smooth, mask


def tissue(mask, s, downsample):
    contours, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if tree is None:
        return []
    parent = tree[0, :, 3]
    unit = int(512 * 512 / (downsample[0] * downsample[1]))
    kept = []
    for index in np.flatnonzero(parent == -1):
        holes = [contours[i] for i in np.flatnonzero(parent == index)]
        net = cv2.contourArea(contours[index]) - np.array([cv2.contourArea(h) for h in holes]).sum()
        if net == 0 or not net > s["minArea"] * unit:
            continue
        holes = sorted(holes, key=cv2.contourArea, reverse=True)[: s["maxHoles"]]
        holes = [h for h in holes if cv2.contourArea(h) > s["minHoleArea"] * unit]
        to_slide = lambda c: np.array(c * downsample, dtype="int32")
        kept.append((to_slide(contours[index]), [to_slide(h) for h in holes]))
    return kept


def side_of(contour, x, y):
    return cv2.pointPolygonTest(contour, (float(x), float(y)), False)


def in_tissue(contour, x, y, side, test):
    if test == "basic":
        return side_of(contour, x, y) >= 0
    cx, cy = x + side // 2, y + side // 2
    shift = int(side // 2 * 0.5)
    if test == "center" or shift == 0:
        return side_of(contour, cx, cy) >= 0
    corners = [side_of(contour, cx + i * shift, cy + j * shift) >= 0 for i in (-1, 1) for j in (-1, 1)]
    return any(corners) if test == "four_pt" else all(corners)


def tiles(kept, job):
    s, (side_x, side_y), (step_x, step_y) = job["settings"], job["side"], job["step"]
    found = []
    for contour, holes in kept:
        left, top, w, h = cv2.boundingRect(contour)
        right, bottom = left + w, top + h
        if not s["padding"]:
            right = min(right, job["slide"][0] - side_x + 1)
            bottom = min(bottom, job["slide"][1] - side_y + 1)
        for x in range(left, right, step_x):
            for y in range(top, bottom, step_y):
                if not in_tissue(contour, x, y, side_x, s["contourTest"]):
                    continue
                if not any(side_of(h, x + side_x / 2, y + side_x / 2) > 0 for h in holes):
                    found += [x, y]
    return found


def answer(job):
    shape = (job["height"], job["width"], 3)
    rgb = np.fromfile(job["rgb"], np.uint8).reshape(shape)
    saturation, smooth, mask = pictures(rgb, job["settings"])
    kept = tissue(mask, job["settings"], job["downsample"])
    return {
        "saturation": digest(saturation),
        "smooth": digest(smooth),
        "mask": digest(mask),
        "outlines": [
            {"outer": c.reshape(-1).tolist(), "holes": [h.reshape(-1).tolist() for h in holes]} for c, holes in kept
        ],
        "tiles": tiles(kept, job),
    }


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        jobs = json.load(file)
    json.dump([answer(job) for job in jobs], sys.stdout)
