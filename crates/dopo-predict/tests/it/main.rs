//! What the predictions promise, tried from outside: values in, values out.

mod days;
