using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FastStream.Tests.Core.Outputs;

public sealed record Order(string Customer, int Pieces);

public sealed record Reading(double Celsius, DateTime At);

[JsonSerializable(typeof(Order))]
internal sealed partial class OrderJson : JsonSerializerContext;

public sealed class FormatTests
{
    private static string Written<T>(IOutputFormat<T> format, params T[] records)
    {
        var output = new ArrayBufferWriter<byte>();
        format.WriteStart(output);
        foreach (T record in records)
        {
            format.Write(output, in record);
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    [Fact]
    public void Text_PairsListsAndNothing_AreWrittenAsSparkPrintsThem()
    {
        Assert.Equal("(a,1)\n", Written(new TextFormat<(string, int)>(), ("a", 1)));
        Assert.Equal("[1, 2]\n[]\n", Written(new TextFormat<int[]>(), [1, 2], []));
        Assert.Equal("null\nä\n", Written(new TextFormat<string?>(), null, "ä"));
        Assert.Equal("0.5\n", Written(new TextFormat<double>(), 0.5));
        Assert.Equal("a text longer than fifteen bytes\n",
            Written(new TextFormat<Utf8Text>(), Utf8Text.Intern("a text longer than fifteen bytes")));
    }

    [Fact]
    public void Text_OtherCulture_ChangesNothing()
    {
        // A comma for the point, as in German: what one machine writes, another one reads.
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        culture.DateTimeFormat.ShortDatePattern = "dd.MM.yyyy";
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = culture;
        try
        {
            Assert.Equal("0.5\n", Written(new TextFormat<double>(), 0.5));
            Assert.Equal("[[a, 0.5]]\n",
                Written(new TextFormat<Dictionary<string, double>>(), new Dictionary<string, double> { ["a"] = 0.5 }));
            Assert.Equal("[a, 0.5]\n", Written(new TextFormat<KeyValuePair<string, double>>(), new KeyValuePair<string, double>("a", 0.5)));
            Assert.Equal(
                "(1,[Reading { Celsius = -0.5, At = 01/02/2000 00:00:00 }])\n",
                Written(new TextFormat<(int, Reading[])>(), (1, [new Reading(-0.5, new DateTime(2000, 1, 2))])));
            Assert.Equal("share\r\n{ Share = 0.5 }\r\n", Written(new CsvFormat<int>(("share", _ => new { Share = 0.5 })), 1));
            Assert.Same(culture, CultureInfo.CurrentCulture);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Csv_FieldsWithMarks_AreQuoted()
    {
        Assert.Equal("a,\"b,c\"\r\n", Written(new CsvFormat<(string, string)>(), ("a", "b,c")));
        Assert.Equal("\"say \"\"hi\"\"\",\"two\nlines\"\r\n", Written(new CsvFormat<(string, string)>(), ("say \"hi\"", "two\nlines")));
        Assert.Equal("plain\r\n", Written(new CsvFormat<string>(), "plain"));
    }

    [Fact]
    public void Csv_OneFieldWithoutText_IsNoEmptyLine()
    {
        // Readers pass over an empty line: the record would be lost to them.
        Assert.Equal("a\r\n\"\"\r\n\"\"\r\n", Written(new CsvFormat<string?>(), "a", "", null));
        Assert.Equal("note\r\n\"\"\r\n", Written(new CsvFormat<int>(("note", _ => null)), 1));
        Assert.Equal(",\r\n", Written(new CsvFormat<(string?, string)>(), (null, "")));
    }

    [Fact]
    public void Csv_Columns_BeginWithTheirNames()
    {
        var format = new CsvFormat<Order>(("customer", order => order.Customer), ("pieces", order => order.Pieces), ("note", _ => null));
        Assert.Equal("customer,pieces,note\r\nAnn,2,\r\n", Written(format, new Order("Ann", 2)));
    }

    [Fact]
    public void Csv_AbsentSideOfAnOuterJoin_IsAnEmptyField()
    {
        Assert.Equal("1,2,a\r\n1,2,\r\n", Written(new CsvFormat<(int, int, Optional<string>)>(), (1, 2, "a"), (1, 2, default)));
        Assert.Equal("side,\r\n",
            Written(new CsvFormat<(string, Optional<Optional<int>>)>(), ("side", new Optional<Optional<int>>(default))));
        Assert.Equal("side,\r\n", Written(new CsvFormat<(string, Optional<string?>)>(), ("side", new Optional<string?>(null))));
        Assert.Equal("\"\"\r\n0.5\r\n", Written(new CsvFormat<Optional<double>>(), default, 0.5));
    }

    [Fact]
    public void Json_SourceGenerated_OneValueALine() =>
        Assert.Equal(
            "{\"Customer\":\"Ann\",\"Pieces\":2}\n{\"Customer\":\"Bob\",\"Pieces\":1}\n",
            Written(new JsonLinesFormat<Order>(OrderJson.Default.Order), new Order("Ann", 2), new Order("Bob", 1)));

    [Fact]
    public void Json_Reflection_WritesPairsAndTexts() =>
        Assert.Equal("{\"Item1\":\"k\",\"Item2\":7}\n",
            Written(new JsonLinesFormat<(Utf8Text Key, int Value)>(), (Utf8Text.Intern("k"), 7)));

    [Fact]
    public void Json_OuterJoin_WritesTheValueOrNull() =>
        Assert.Equal(
            "{\"Item1\":1,\"Item2\":{\"Item1\":2,\"Item2\":\"a\"}}\n{\"Item1\":1,\"Item2\":{\"Item1\":2,\"Item2\":null}}\n",
            Written(new JsonLinesFormat<(int Key, (int Left, Optional<string> Right) Value)>(), (1, (2, "a")), (1, (2, default))));

    [Fact]
    public void Json_IndentedOptions_StayOnOneLine() =>
        Assert.Equal("{\"Customer\":\"Ann\",\"Pieces\":2}\n",
            Written(new JsonLinesFormat<Order>(new JsonSerializerOptions { WriteIndented = true }), new Order("Ann", 2)));

    [Fact]
    public void Json_OptionsWithAnEncoder_AreFollowed()
    {
        var relaxed = new JsonLinesFormat<string>(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        var standard = new JsonLinesFormat<string>();
        Assert.Equal("\"<ä>\"\n", Written(relaxed, "<ä>"));
        Assert.Equal("\"\\u003C\\u00E4\\u003E\"\n", Written(standard, "<ä>"));
        Assert.Equal("\"<ä>\"\n", Written(relaxed, "<ä>"));
    }

    [Fact]
    public void Json_AfterAFailure_TheNextRecordIsWhole()
    {
        var format = new JsonLinesFormat<double[]>();
        Assert.ThrowsAny<Exception>(() => Written(format, [1, double.NaN]));
        Assert.Equal("[1]\n", Written(format, [1.0]));
    }

    [Theory]
    [InlineData("short")]
    [InlineData("a text that is longer than fifteen bytes, with ä")]
    public void Utf8Text_ThroughJson_IsTheSame(string text)
    {
        Utf8Text value = Utf8Text.Intern(text);
        Assert.Equal(value, JsonSerializer.Deserialize<Utf8Text>(JsonSerializer.Serialize(value)));
        Assert.Equal(JsonSerializer.Serialize(text), JsonSerializer.Serialize(value));
    }
}
