/// <reference types="sockjax/global" />

const api = sockjax.connect("/ws");
// @ts-expect-error: data must be there
api.send();
