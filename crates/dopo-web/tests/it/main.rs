//! Every route, in process. The files are the URL tree.

mod api_v1;
mod assets;
mod captured;
mod customer_pages;
mod demo;
mod every_route;
mod hits;
mod hooks;
mod sign_in;
mod support;
