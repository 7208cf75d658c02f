//! Every route, in process. The files are the URL tree.

mod api;
mod api_customers;
mod api_journeys;
mod api_openapi;
mod api_today;
mod api_v1;
mod assets;
mod captured;
mod customer_pages;
mod demo;
mod desk_passkeys;
mod desk_rest;
mod desk_seat;
mod desk_session;
mod desk_shop;
mod desk_team;
mod desk_webhooks;
mod every_route;
mod hits;
mod hooks;
mod sign_in;
mod support;
