import { mount } from "svelte";

import App from "./App.svelte";
import { app } from "./state/app.svelte";
import { start_routing } from "./state/route.svelte";
import "./style/tokens.css";
import "./style/base.css";
import "./style/shell.css";
import "./style/parts.css";
import "./style/chat.css";
import "./style/why.css";
import "./style/pages.css";
import "./style/more.css";
import "./style/narrow.css";

start_routing();
void app.start();
mount(App, { target: document.getElementById("app")! });
