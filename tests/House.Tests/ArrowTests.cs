using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FastStream.Tests.House;

/// <summary>Which rooms of Core may name the types of which others: a new arrow between two rooms is a decision, not an accident.</summary>
/// <remarks>
/// By names of types in code, without comments. A name that two rooms declare is left out, as nobody can tell which is
/// meant.
/// </remarks>
public sealed class ArrowTests
{
    // The room "" is src/Core itself: what a user meets first, which every room may name.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        [""] =
        [
            "Collections", "Memory", "Monitoring", "Outputs", "RateControl", "Recovery", "Runtime", "Scheduling",
            "Serialization", "States", "Text",
        ],
        ["Scheduling"] = ["Recovery", "States", "Runtime", "Collections", "Monitoring"],
        ["Sources"] = ["Recovery", "Runtime", "Monitoring", "Serialization", "Text"],
        ["Recovery"] = ["States", "Runtime", "Collections", "Serialization", "Storage"],
        ["Windows"] = ["Operators", "States", "Runtime", "Collections", "Serialization", "Text"],
        ["Operators"] = ["States", "Runtime", "Collections", "Text"],
        ["States"] = ["Runtime", "Collections", "Serialization", "Storage", "Text"],
        ["Outputs"] = ["Runtime", "Serialization", "Storage", "Text"],
        ["Runtime"] = ["Collections", "Memory", "Monitoring", "Serialization", "Text"],
        ["Serialization"] = ["Text"],
        ["Collections"] = ["Text", "Hashing", "Memory"],
        ["Text"] = ["Hashing", "Memory"],
        ["RateControl"] = ["Monitoring"],
        ["Monitoring"] = ["Memory"],
        ["Hashing"] = [],
        ["Memory"] = [],
        ["Storage"] = [],   // files and directories, and nothing of streams
    };

    [Fact]
    public void Rooms_InCore_NameOnlyWhatTheyMay()
    {
        Dictionary<string, SyntaxTreeOf> files = Tree.Files(".cs", "src/Core").ToDictionary(file => file, SyntaxTreeOf.Read);
        Dictionary<string, string> rooms = files
            .SelectMany(file => file.Value.Declared.Select(name => (name, Room: RoomOf(file.Key))))
            .GroupBy(type => type.name, StringComparer.Ordinal)
            .Where(type => type.Key != "State")   // also what many properties are called
            .Where(type => type.Select(each => each.Room).Distinct().Count() == 1)
            .ToDictionary(type => type.Key, type => type.First().Room, StringComparer.Ordinal);

        string[] refused =
        [
            .. from file in files
               let room = RoomOf(file.Key)
               from name in file.Value.Used
               where rooms.TryGetValue(name, out string? named) && named.Length > 0 && named != room
                   && !Allowed.GetValueOrDefault(room, []).Contains(named)
               select $"{file.Key} names {name} of {rooms[name]}; {room} may name {string.Join(", ", Allowed.GetValueOrDefault(room, []))}",
        ];
        Assert.True(refused.Length == 0, string.Join('\n', refused));
    }

    [Fact]
    public void Arrows_ThatAreAllowed_AreThere()
    {
        string[] rooms = [.. Tree.Files(".cs", "src/Core").Select(RoomOf).Distinct()];
        Assert.Equal(rooms.Order(), Allowed.Keys.Order());
    }

    [Fact]
    public void Arrows_BetweenRooms_GoOneWay()
    {
        // Each room names rooms below it alone: the table, from its second line on, is in such an order.
        string[] order = [.. Allowed.Keys.Skip(1)];
        string[] upwards =
        [
            .. from room in order
               from named in Allowed[room]
               where Array.IndexOf(order, named) <= Array.IndexOf(order, room)
               select $"{room} may name {named}, which stands above it",
        ];
        Assert.Equal([], upwards);
    }

    private static string RoomOf(string file) => file.Split('/') is [_, _, var room, _, ..] ? room : "";

    /// <summary>The types that a file declares at its top, and the names that its code has.</summary>
    private sealed record SyntaxTreeOf(string[] Declared, string[] Used)
    {
        public static SyntaxTreeOf Read(string file)
        {
            var root = CSharpSyntaxTree.ParseText(Tree.Read(file)).GetCompilationUnitRoot();
            string[] declared =
            [
                .. root.DescendantNodes(node => node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
                    .Select(node => node switch
                    {
                        BaseTypeDeclarationSyntax type => type.Identifier.Text,
                        DelegateDeclarationSyntax type => type.Identifier.Text,
                        _ => null,
                    }).OfType<string>(),
            ];
            string[] used = [.. root.DescendantNodes().OfType<SimpleNameSyntax>().Where(IsTypeName)
                .Select(name => name.Identifier.Text).Distinct()];
            return new SyntaxTreeOf(declared, used);
        }

        // Not the member of another expression, such as batch.Block.
        private static bool IsTypeName(SimpleNameSyntax name) =>
            name.Parent is not MemberAccessExpressionSyntax access || access.Expression == name;
    }
}
