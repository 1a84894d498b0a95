//! `aldis message`: what became of one message.

use crate::arguments::Message;
use crate::failure::Failure;
use crate::life;
use crate::printer::Printer;

pub(crate) async fn run(wish: Message, printer: &Printer) -> Result<(), Failure> {
    let view = wish.reach.client(printer)?.message(&wish.id).await?;
    printer.answer(&life::timeline(&view, printer.ink()), &life::record(&view))
}
