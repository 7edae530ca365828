"""What is wrong with a file as a whole, or with the moment."""

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class FileRefused(DomainError):
    """The file cannot be read at all."""

    field = "file"


class UnknownFormat(FileRefused):
    code = "unknown_format"
    message = _("This is neither a .csv nor an .xlsx file. Save the sheet as one of them.")


class NotATable(FileRefused):
    code = "not_a_table"
    message = _(
        "This is a picture, not a table. Open the table in a spreadsheet and save it as .xlsx or .csv."
    )


class OldWorkbook(FileRefused):
    code = "old_workbook"
    message = _("This is a workbook of the old kind (.xls). Open it and save it as .xlsx.")


class FileTooLarge(FileRefused):
    code = "file_too_large"
    message = _("The file is larger than %(most)s MB. Split it into several.")


class TooManyRows(FileRefused):
    code = "too_many_rows"
    message = _("The file has more than %(most)s rows. Split it into several.")


class TooManyColumns(FileRefused):
    code = "too_many_columns"
    message = _("The file has more than %(most)s columns.")


class NoRows(FileRefused):
    code = "no_rows"
    message = _("The file has no rows below its heading.")


class NoHeading(FileRefused):
    code = "no_heading"
    message = _("The first row must hold the headings of the columns.")


class DamagedFile(FileRefused):
    code = "damaged_file"
    message = _("The file is damaged, protected or far too large inside. Save it again as .xlsx or .csv.")


class UnknownEncoding(FileRefused):
    code = "unknown_encoding"
    message = _("The text is neither UTF-8 nor GBK. Save the file as “CSV UTF-8”.")


class BrokenRow(FileRefused):
    code = "broken_row"
    message = _("Row %(row)s cannot be read: a quotation mark is not closed, or a cell is far too long.")


class FileColumn(FileRefused):
    code = "file_column"
    message = _(
        "The column “%(heading)s” is a field that holds files, and files cannot come in a table. "
        "Take the column out, and hand the files in on the pages of the records."
    )


class ColumnsMissing(DomainError):
    code = "columns_missing"
    message = _("No column of the file holds: %(columns)s.")


class ColumnTwice(DomainError):
    code = "column_twice"
    message = _("The file's column “%(heading)s” is chosen twice.")


class NotAtThisStep(DomainError):
    code = "not_at_this_step"
    message = _("This import is “%(state)s” already. Nothing was changed.")


class BadRowsLeft(DomainError):
    code = "bad_rows_left"
    message = _(
        "%(count)s rows cannot be imported. Correct the file, or choose to import the good rows only."
    )


class NothingToImport(DomainError):
    code = "nothing_to_import"
    message = _("There is no good row to import.")


class SecondPersonImports(DomainError):
    code = "second_person_imports"
    message = _(
        "You brought this file in, or said what it means. Somebody else who may import it has to press “Import”."
    )
