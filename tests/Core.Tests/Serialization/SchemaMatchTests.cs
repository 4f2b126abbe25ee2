namespace FastStream.Tests.Core.Serialization;

/// <summary>Which records a program can read, by what a checkpoint says of them.</summary>
public sealed class SchemaMatchTests
{
    private enum Light
    {
        Red,
        Green = 2,
    }

    private sealed class Crossing
    {
        public Dictionary<int, Light?> Lights { get; set; } = [];

        public Dictionary<DayOfWeek, Optional<Light>[]> Days { get; set; } = [];
    }

    private sealed class Keyed
    {
        public Dictionary<Light, int> Seconds { get; set; } = [];
    }

    [Theory]
    [InlineData("json A enum L(Red=0 Green=1) by raw X", "json A enum L(Red=0 Green=1) by raw X")]
    [InlineData("json A enum L(Red=0 Green=1) by raw X", "json A enum L(Green=1 Blue=2 Red=0) by raw X")]
    [InlineData("json A by raw X", "json A enum L(Red=0) by raw X")]
    [InlineData("json A by raw L:System.Byte", "json A enum K(A=1) by raw L:System.Byte enum L(Red=0)")]
    [InlineData("json A enum L(Red=0)", "json A enum L(Red=0) enum M(X=1)")]
    public void Difference_NamesKeepTheirNumbers_IsNone(string saved, string program) =>
        Assert.Null(SchemaMatch.Difference(saved, program));

    [Theory]
    [InlineData("json A enum L(Red=0 Green=1)", "json A enum L(Green=0 Red=1)", "Red=0, Green=1")]
    [InlineData("json A enum L(Red=0 Green=1)", "json A enum L(Red=0)", "Green=1")]
    [InlineData("json A enum L(Red=0)", "json A enum L(Rot=0)", "Rot=0")]
    [InlineData("json A enum L(Red=0)", "json A", "enum L")]
    [InlineData("json A enum L(Red=0) by raw X", "json A enum L(Red=0) by raw Y", "raw Y")]
    [InlineData("raw A", "json A", "json A")]
    public void Difference_NamesMovedOrGone_IsNamed(string saved, string program, string part) =>
        Assert.Contains(part, SchemaMatch.Difference(saved, program), StringComparison.Ordinal);

    [Fact]
    public void Schema_EnumsOfTheProgram_HaveTheirNames()
    {
        const string Names = " enum FastStream.Tests.Core.Serialization.SchemaMatchTests+Light(";
        foreach (string schema in new[]
        {
            new RecordSerializers().Of<Light>().Schema,
            new RecordSerializers().Of<(int, Optional<Light>, Light?)>().Schema,
            new RecordSerializers().Of<(string, Light)>().Schema,
            new RecordSerializers().Of<Crossing>().Schema,
            new RecordSerializers().Of<Light?[]>().Schema,
        })
        {
            Assert.Equal(2, schema.Split(Names).Length);
            Assert.All(["Red=0", "Green=2"], member => Assert.Contains(member, schema, StringComparison.Ordinal));
            Assert.DoesNotContain("Sunday", schema, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(" enum ", new RecordSerializers().Of<Keyed>().Schema, StringComparison.Ordinal);
    }
}
