namespace FastStream.Tests.House.Guide;

public sealed class PointSerializerTests : SerializerContract<Point>
{
    [Fact]
    public void PointSerializer_AnyRecords_KeepsTheContract() => CheckAll();

    protected override IReadOnlyList<Point> Records => [new Point(0, 0), new Point(-1, int.MaxValue)];

    protected override IRecordSerializer<Point> Create() => new PointSerializer();
}
